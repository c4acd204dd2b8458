"""What plugins see of an API's life and of its requests."""

import asyncio
import contextlib
import gc
import subprocess
import sys
import threading

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import AsyncClient, Client
from ninja import NinjaAPI, Router

from ninja_boost_core import AutoAPI, AutoRouter, Hook, attach, event_bus
from ninja_boost_plugins import BoostPlugin, PluginNotFound, PluginRegistry
from ninja_boost_plugins.base import HOOKS
from tests.support import serving


class Recorder(BoostPlugin):
    """Overrides every hook, as the base class has it."""

    name = "recorder"

    def __init__(self):
        self.seen = []

    def on_startup(self, api):
        self.seen.append(("on_startup", api))

    def on_teardown(self):
        self.seen.append(("on_teardown",))

    def on_request(self, request, ctx):
        self.seen.append(("on_request", request.path, ctx["user"]))

    def on_response(self, request, ctx, response, duration_ms):
        self.seen.append(("on_response", response.status_code, duration_ms > 0))

    def on_error(self, request, exc, ctx):
        self.seen.append(("on_error", repr(exc), "ip" in ctx))

    def on_auth_failure(self, request, ctx):
        self.seen.append(("on_auth_failure", request.META["REMOTE_ADDR"]))

    def on_rate_limit_exceeded(self, request, ctx, limit, retry_after):
        self.seen.append(("on_rate_limit_exceeded", limit, retry_after))

    def on_permission_denied(self, request, ctx, permission, reason):
        self.seen.append(("on_permission_denied", permission, reason))

    def on_policy_denied(self, request, ctx, resource, action, decision):
        self.seen.append(("on_policy_denied", resource, action, decision))

    def on_service_registered(self, name, service):
        self.seen.append(("on_service_registered", name, service))

    def on_plugin_loaded(self, plugin):
        self.seen.append(("on_plugin_loaded", plugin.name))


class Async(BoostPlugin):
    name = "async"

    def __init__(self):
        self.seen = []

    async def on_startup(self, api):
        await asyncio.sleep(0)
        self.seen.append("on_startup")

    async def on_teardown(self):
        await asyncio.sleep(0)
        self.seen.append("on_teardown")

    async def on_request(self, request, **kw):
        await asyncio.sleep(0)
        self.seen.append(("on_request", threading.get_ident()))

    async def on_error(self, exc, **kw):
        self.seen.append(("on_error", str(exc)))


def an_api():
    api, router = AutoAPI(), AutoRouter()

    @router.get("/fine")
    def fine(request, ctx):
        return 1

    @router.get("/broken")
    def broken(request, ctx):
        raise ZeroDivisionError("no")

    @router.get("/locked", auth=lambda request: None)
    def locked(request, ctx):
        return 1

    @router.get("/async")
    async def view(request, ctx):
        return threading.get_ident()

    api.add_router("", router)
    return api


def test_the_hooks_of_requests(registry):
    recorder = registry.register(Recorder())
    assert recorder.seen == [("on_plugin_loaded", "recorder")]
    recorder.seen.clear()
    client = Client(raise_request_exception=False)
    with serving(api=an_api()):
        for name in ("fine", "broken", "locked"):
            client.get(f"/api/{name}")
    assert recorder.seen[0][0] == "on_startup"
    assert recorder.seen[1:] == [
        ("on_request", "/api/fine", None),
        ("on_response", 200, True),
        ("on_request", "/api/broken", None),
        ("on_error", "ZeroDivisionError('no')", True),
        ("on_response", 500, True),
        ("on_request", "/api/locked", None),
        ("on_auth_failure", "127.0.0.1"),
        ("on_response", 401, True),
    ]


def test_the_other_hooks_handle_their_events(registry):
    recorder = registry.register(Recorder())
    recorder.seen.clear()
    common = {"request": None, "ctx": {}}
    event_bus.emit("on_rate_limit_exceeded", **common, limit="3/minute", retry_after=20)
    event_bus.emit("on_permission_denied", **common, permission="p", reason="r")
    event_bus.emit("on_policy_denied", **common, resource="r", action="a", decision="d")
    event_bus.emit("on_service_registered", name="n", service="s")
    assert recorder.seen == [
        ("on_rate_limit_exceeded", "3/minute", 20),
        ("on_permission_denied", "p", "r"),
        ("on_policy_denied", "r", "a", "d"),
        ("on_service_registered", "n", "s"),
    ]
    assert all(event_bus.has_handlers(event) for event in HOOKS.values())


def test_what_a_plugin_does_not_override_costs_nothing(registry):
    class OnlyErrors(BoostPlugin):
        name = "errors"

        def on_error(self, request, exc, ctx, **kw): ...

    registry.register(OnlyErrors)
    listened = {event for event in HOOKS.values() if event_bus.has_handlers(event)}
    assert listened == {"on_error"}


def test_a_plugin_that_raises_breaks_no_request(registry, caplog):
    class Raising(BoostPlugin):
        name = "raising"

        def on_request(self, request, ctx, **kw):
            raise RuntimeError("on_request")

        async def on_response(self, **kw):
            raise RuntimeError("on_response")

        def on_error(self, **kw):
            raise RuntimeError("on_error")

    registry.register(Raising)
    recorder = registry.register(Recorder())
    client = Client(raise_request_exception=False)
    with serving(api=an_api()):
        assert client.get("/api/fine").json() == {"ok": True, "data": 1}
        assert client.get("/api/broken").status_code == 500
        assert asyncio.run(AsyncClient().get("/api/async")).status_code == 200
    assert [kind for kind, *_ in recorder.seen].count("on_response") == 3
    failed = {name.rpartition(".")[2]: count for (_, name), count in event_bus.failures.items()}
    assert failed == {"on_request": 3, "on_response": 3, "on_error": 1}
    assert "Raising.on_request of event 'before_request' failed" in caplog.text


def test_async_hooks(registry):
    plugin = registry.register(Async)
    client = Client(raise_request_exception=False)

    async def use():
        return (await AsyncClient().get("/api/async")).json()["data"]

    with serving(api=an_api()):
        client.get("/api/broken")
        thread = asyncio.run(use())
    registry.unregister("async")
    kinds = [entry if isinstance(entry, str) else entry[0] for entry in plugin.seen]
    assert kinds == ["on_startup", "on_request", "on_error", "on_request", "on_teardown"]
    assert plugin.seen[2] == ("on_error", "no")
    assert plugin.seen[3] == ("on_request", thread)


async def test_async_startup_on_a_running_loop(registry):
    plugin = registry.register(Async())
    AutoAPI()
    assert plugin.seen == ["on_startup"]
    registry.unregister("async")
    assert plugin.seen == ["on_startup", "on_teardown"]


def test_startup_runs_once_for_each_api(registry):
    first = AutoAPI()
    recorder = registry.register(Recorder())
    second = AutoAPI()
    plain = NinjaAPI()
    registry.startup(plain)
    for api in (first, second, plain):
        registry.startup(api)
    started = [args[0] for kind, *args in recorder.seen if kind == "on_startup"]
    assert started == [first, second, plain]


def test_an_api_that_is_gone_is_forgotten(registry):
    AutoAPI()
    gc.collect()
    recorder = registry.register(Recorder())
    assert recorder.seen == [("on_plugin_loaded", "recorder")]


def test_a_plain_api(registry):
    recorder = registry.register(Recorder())
    recorder.seen.clear()
    api, router = NinjaAPI(), Router()

    @router.get("/view")
    @attach(Hook())
    def view(request, ctx):
        return 1

    api.add_router("", router)
    registry.startup(api)
    with serving(api=api):
        assert Client().get("/api/view").json() == 1
    assert [kind for kind, *_ in recorder.seen] == ["on_startup", "on_request", "on_response"]


def ordered(log, name, priority):
    def on_startup(self, api):
        log.append(f"start {name}")

    def on_teardown(self):
        log.append(f"end {name}")

    def on_request(self, **kw):
        log.append(name)

    members = locals() | {"name": name, "priority": priority}
    return type(name, (BoostPlugin,), members)()


def test_order(registry):
    log = []
    plugins = [ordered(log, name, priority) for name, priority in (("a", 0), ("b", 9), ("c", 0))]
    for plugin in plugins:
        registry.register(plugin)
    assert registry.all() == [plugins[1], plugins[0], plugins[2]]
    with serving(api=an_api()):
        Client().get("/api/fine")
    registry.clear()
    assert log == [
        *("start b", "start a", "start c"),
        *("b", "a", "c"),
        *("end c", "end a", "end b"),
    ]


def test_registry(registry):
    recorder = registry.register(Recorder())
    assert registry.register(recorder) is recorder
    assert registry.get("recorder") is recorder
    assert registry.all() == [recorder]
    with pytest.raises(ValueError, match=r"a plugin 'recorder' already.*Recorder\. unregister"):
        registry.register(Recorder())
    with pytest.raises(PluginNotFound, match="Did you mean 'recorder'"):
        registry.get("recrder")
    with pytest.raises(KeyError, match="Registered: recorder"):
        registry.unregister("zzz")
    assert registry.unregister("recorder") is recorder
    assert registry.all() == []
    assert recorder.seen == [("on_plugin_loaded", "recorder"), ("on_teardown",)]
    with serving(api=an_api()):
        Client().get("/api/fine")
    assert len(recorder.seen) == 2
    with pytest.raises(PluginNotFound, match="Registered: none"):
        registry.get("recorder")


def test_registries_are_independent(registry):
    other = PluginRegistry()
    recorder = other.register(Recorder())
    assert registry.all() == []
    assert other.all() == [recorder]
    other.clear()


def test_what_cannot_be_registered(registry):
    class Nameless(BoostPlugin): ...

    class Misfit(BoostPlugin):
        name = "misfit"

        def on_error(self, request, exc): ...

    class Strange:
        name = "strange"

    for wrong in (Strange, Strange(), "sentry"):
        with pytest.raises(TypeError, match="derive its class from BoostPlugin"):
            registry.register(wrong)
    with pytest.raises(TypeError, match="Nameless has no name"):
        registry.register(Nameless)
    with pytest.raises(TypeError, match=r"Misfit.on_error\(\) cannot be called.*\*\*kw"):
        registry.register(Misfit)
    assert registry.all() == []
    assert not event_bus.has_handlers("on_error")


class Broken(BoostPlugin):
    name = "broken"

    def __init__(self):
        self.ended = 0

    def on_startup(self, api):
        raise ConnectionError("no such host")

    def on_request(self, **kw): ...

    def on_teardown(self):
        self.ended += 1
        raise RuntimeError("cannot flush")


def test_a_plugin_that_fails_to_start_stops_the_start(registry):
    registry.register(Broken())
    with pytest.raises(
        ImproperlyConfigured,
        match=r"'broken' is tests.*Broken, whose on_startup failed: ConnectionError: no such host",
    ):
        AutoAPI()


def test_a_late_plugin_that_fails_to_start_is_not_registered(registry):
    api = AutoAPI()
    plugin = Broken()
    with pytest.raises(ImproperlyConfigured, match="no such host"):
        registry.register(plugin)
    assert registry.all() == []
    assert not event_bus.has_handlers("before_request")
    assert plugin.ended == 0
    assert api is not None


def test_a_teardown_that_fails_is_logged_and_counted(registry, caplog):
    plugin = registry.register(Broken())
    assert registry.unregister("broken") is plugin
    assert plugin.ended == 1
    assert registry.failures == {"broken": 1}
    assert "Plugin 'broken' failed in on_teardown." in caplog.text


def test_loading_is_an_event(registry):
    seen = []
    event_bus.on("on_plugin_loaded", lambda plugin, **kw: seen.append(plugin.name))
    plugin = registry.register(Async())
    with contextlib.suppress(ValueError):
        registry.register(Async())
    registry.register(plugin)
    assert seen == ["async"]


def test_the_end_of_the_process_tears_down():
    code = (
        "from django.conf import settings\n"
        "settings.configure()\n"
        "from ninja_boost_plugins import BoostPlugin, plugin_registry\n"
        "class One(BoostPlugin):\n"
        "    name = 'one'\n"
        "    def on_teardown(self): print('one', flush=True)\n"
        "class Two(BoostPlugin):\n"
        "    name = 'two'\n"
        "    async def on_teardown(self): print('two', flush=True)\n"
        "plugin_registry.register(One)\n"
        "plugin_registry.register(Two)\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("two\none\n", "")
