"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ninja_boost_core import Feature

from .settings import LoggingSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from ninja_boost_core.observers import RequestObserver
    from ninja_boost_core.pings import Ping

__all__ = ["LoggingFeature", "feature"]


class LoggingFeature(Feature):
    """The observers that LifecycleMiddleware runs, the settings and the system checks."""

    name = "logging"
    distribution = "ninja-boost-logging"
    settings = LoggingSettings

    def observers(self) -> Iterable[RequestObserver]:
        from .observers import access_log, log_context

        return (log_context, access_log)

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_deployment, check_middleware

        return check_deployment() if deploy else check_middleware()

    def pings(self) -> Iterable[Ping]:
        from .pings import find_pings

        return find_pings()


feature = LoggingFeature()
