"""Plugins that settings name."""

from ninja_boost_plugins import BoostPlugin

LOG: list[str] = []


class Sentry(BoostPlugin):
    name = "sentry"

    def on_startup(self, api):
        LOG.append(f"sentry starts {api.title}")

    def on_teardown(self):
        LOG.append("sentry ends")

    def on_request(self, request, **kw):
        LOG.append(f"sentry sees {request.path}")


class OtherSentry(Sentry): ...


class Datadog(BoostPlugin):
    name = "datadog"
    priority = 5

    def on_startup(self, api):
        LOG.append(f"datadog starts {api.title}")


class Broken(BoostPlugin):
    name = "broken"

    def on_startup(self, api):
        raise ConnectionError("no such host")


class Demanding(BoostPlugin):
    name = "demanding"

    def __init__(self, dsn): ...


class Misfit(BoostPlugin):
    name = "misfit"

    def on_request(self, request): ...


class Nameless(BoostPlugin): ...


class NoPlugin:
    name = "none"


instance = Datadog()
