"""Plugins of the settings."""

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings
from ninja import NinjaAPI

from ninja_boost_core import AutoAPI, AutoRouter, event_bus
from ninja_boost_plugins.checks import check_plugins
from tests.configured import LOG, Broken, Datadog, Sentry
from tests.support import serving


@pytest.fixture(autouse=True)
def _log():
    LOG.clear()


def configured(*plugins, **others):
    return override_settings(NINJA_BOOST={"AUTH": None, "PLUGINS": list(plugins), **others})


def test_autoload(registry):
    seen = []
    event_bus.on("on_plugin_loaded", lambda plugin, **kw: seen.append(plugin.name))
    with configured("tests.configured.Sentry", "tests.configured.Datadog"):
        api = AutoAPI(title="A")
        assert [plugin.name for plugin in registry.all()] == ["datadog", "sentry"]
        assert isinstance(registry.get("sentry"), Sentry)
        router = AutoRouter()

        @router.get("/view")
        def view(request):
            return 1

        api.add_router("", router)
        with serving(api=api):
            Client().get("/api/view")
        assert run_checks() == []
    assert LOG == ["datadog starts A", "sentry starts A", "sentry sees /api/view", "sentry ends"]
    assert seen == ["sentry", "datadog"]
    assert registry.all() == []


def test_a_plain_api(registry):
    with configured("tests.configured.Sentry"):
        registry.startup(NinjaAPI(title="B"))
    assert LOG == ["sentry starts B", "sentry ends"]


def test_other_settings_leave_the_plugins_alone(registry):
    with configured("tests.configured.Sentry"):
        api = AutoAPI(title="A")
        plugin = registry.get("sentry")
        with configured("tests.configured.Sentry", "tests.configured.Datadog", ERRORS="problem"):
            assert registry.get("sentry") is plugin
            assert LOG == ["sentry starts A", "datadog starts A"]
        assert registry.all() == [plugin]
        with override_settings(NINJA_BOOST={"PLUGINS": ["no.such.Plugin"]}):
            assert event_bus.has_handlers("before_request")
        assert registry.all() == [plugin]
        assert LOG == ["sentry starts A", "datadog starts A"]
        assert api is not None


@pytest.mark.parametrize("plugin", [Datadog, Datadog(), "tests.configured.instance"])
def test_objects_are_fine_too(registry, plugin):
    with configured(plugin):
        assert isinstance(registry.get("datadog"), Datadog)


@pytest.mark.parametrize("name", ["Sentry", "instance"])
def test_a_plugin_may_be_registered_in_code_as_well(registry, name):
    mine = [registry.register(Sentry()), registry.register(Datadog())]
    with configured("tests.configured.Sentry", "tests.configured.Datadog"):
        assert set(registry.all()) == set(mine)
    assert LOG == []


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Sentri", "which cannot be imported: ImportError"),
        ("NoPlugin", "which cannot be registered: TypeError: .*derive its class from BoostPlugin"),
        ("Nameless", "which cannot be registered: TypeError: .*has no name"),
        ("Demanding", "which cannot be registered: TypeError: .*'dsn'"),
        ("Misfit", r"which cannot be registered: TypeError: .*Misfit.on_request\(\) cannot be"),
        ("OtherSentry", "which cannot be registered: ValueError: There is a plugin 'sentry'"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_stops_the_start(registry, name, problem):
    path = f"tests.configured.{name}"
    with configured("tests.configured.Sentry", path):
        for start in (AutoAPI, lambda: registry.startup(NinjaAPI()), registry.all):
            with pytest.raises(
                ImproperlyConfigured, match=f"NINJA_BOOST: PLUGINS is '{path}', {problem}"
            ):
                start()
        messages = run_checks()
        assert [message.id.rpartition(".")[2] for message in messages] == ["E001"]
        assert path in messages[0].msg


@pytest.mark.parametrize("plugin", [Broken, "tests.configured.Broken"])
def test_a_plugin_that_fails_to_start_stops_the_start(plugin):
    with (
        configured(plugin),
        pytest.raises(
            ImproperlyConfigured,
            match=r"PLUGINS is .*Broken.*, whose on_startup failed: ConnectionError: no such host",
        ),
    ):
        AutoAPI()


def test_checks_leave_wrong_settings_to_core():
    with override_settings(NINJA_BOOST={"PLUGINS": 5}):
        assert list(check_plugins()) == []


def test_a_disabled_feature_starts_nothing(registry):
    with configured("tests.configured.Sentry", DISABLED_FEATURES=["plugins"]):
        AutoAPI()
    assert LOG == []
