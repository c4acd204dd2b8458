"""What a test leaves behind, the next one does not find. Pairs of tests run in their order."""

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import override_settings
from ninja.errors import HttpError

import ninja_boost_testing
from ninja_boost_core import event_bus
from ninja_boost_core.conf import boost_settings
from ninja_boost_testing import MissingPackage, override_service, state


def leave_behind(**kw): ...


def other(**kw): ...


event_bus.on("shop.opened", other)


def handlers(event):
    return [each.handler for each in event_bus._subscriptions.get(event, ())]


@pytest.mark.parametrize("turn", [1, 2])
def test_handlers(turn):
    assert handlers("shop.opened") == [other]
    assert handlers("shop.sold") == []
    event_bus.on("shop.sold", leave_behind)
    event_bus.on("shop.opened", leave_behind, priority=7)
    event_bus.off("shop.opened", other)


@pytest.mark.parametrize("turn", [1, 2])
def test_failures_of_handlers(turn):
    assert not event_bus.failures

    @event_bus.on("shop.sold")
    def fail(**kw):
        raise LookupError

    event_bus.emit("shop.sold")
    assert event_bus.failures


@pytest.mark.parametrize("turn", [1, 2])
def test_clearing_the_bus(turn):
    assert handlers("shop.opened") == [other]
    event_bus.clear()


@pytest.mark.parametrize("turn", [1, 2])
def test_caches(turn):
    assert cache.get("key") is None
    cache.set("key", turn, timeout=None)


def test_settings_are_read_again(request):
    generation = boost_settings.generation
    with state.isolated():
        state.forget()
    assert boost_settings.generation > generation


@pytest.mark.boost_keep_state
def test_a_marked_test_keeps_the_state_1():
    cache.set("kept", 1, timeout=None)


@pytest.mark.boost_keep_state
def test_a_marked_test_keeps_the_state_2():
    assert cache.get("kept") == 1


@pytest.mark.parametrize("turn", [1, 2])
def test_rate_limits(turn, rf):
    limiting = pytest.importorskip("ninja_boost_rate_limiting")

    @limiting.rate_limit("1/day", key=lambda request, ctx: "all")
    def view(request):
        return HttpResponse()

    assert limiting.statistics()["refused"] == 0
    assert view(rf.get("/")).status_code == 200
    with pytest.raises(HttpError, match=r"(?i)limit|many"):
        view(rf.get("/"))
    assert limiting.statistics()["refused"] == 1


@pytest.mark.parametrize("turn", [1, 2])
def test_plugins(turn):
    plugins = pytest.importorskip("ninja_boost_plugins")

    class Left(plugins.BoostPlugin):
        name = "left"

        def on_request(self, request, ctx, **kw): ...

    assert [each.name for each in plugins.plugin_registry.all()] == []
    plugins.plugin_registry.register(Left())


def test_plugins_that_were_there():
    plugins = pytest.importorskip("ninja_boost_plugins")

    class Kept(plugins.BoostPlugin):
        name = "kept"

        def on_request(self, request, ctx, **kw): ...

    plugin = plugins.plugin_registry.register(Kept())
    before = handlers("before_request")
    with state.isolated():
        plugins.plugin_registry.clear()
        assert handlers("before_request") != before
    assert plugins.plugin_registry.all() == [plugin]
    assert handlers("before_request") == before


@pytest.mark.parametrize("turn", [1, 2])
def test_services(turn):
    services = pytest.importorskip("ninja_boost_services")
    assert list(services.service_registry) == []
    services.service_registry.register(object(), name="left")


@pytest.mark.parametrize("turn", [1, 2])
def test_overrides(turn, request):
    services = pytest.importorskip("ninja_boost_services")
    services.service_registry.register(object(), name="mailer")
    override = request.getfixturevalue("override_service")
    assert services.service_registry.get("mailer") != turn
    assert override("mailer", turn) == turn
    assert services.service_registry.get("mailer") == turn
    with override_service("mailer", 9):
        assert services.service_registry.get("mailer") == 9


async def test_overrides_in_async_code(override_service):
    services = pytest.importorskip("ninja_boost_services")
    services.service_registry.register(object(), name="mailer")
    fake = override_service("mailer", object())
    assert await services.service_registry.aget("mailer") is fake


def test_an_override_of_a_service_that_is_not_there(override_service):
    pytest.importorskip("ninja_boost_services")
    with pytest.raises(KeyError, match="mailer"):
        override_service("mailer", 1)


@pytest.mark.parametrize("turn", [1, 2])
def test_health(turn):
    health = pytest.importorskip("ninja_boost_health")
    from ninja_boost_health.registry import checks
    from ninja_boost_health.router import runner

    runs = []
    with override_settings(NINJA_BOOST={"HEALTH": {"CHECKS": []}}):
        assert checks() == []
        assert runner._results == {}

        @health.register_check("left", cache_time=1000)
        def left():
            runs.append(turn)

        from ninja_boost_core.steps import run

        run(runner.results(checks()))
        assert runs == [turn]


def test_what_a_new_module_registers_stays(tmp_path, monkeypatch):
    source = (
        "from ninja_boost_core import event_bus\n@event_bus.on('shop.sold')\ndef f(**kw): ...\n"
    )
    tmp_path.joinpath("new_module.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with state.isolated():
        __import__("new_module")
        event_bus.on("shop.sold", leave_behind)
    assert [each.__module__ for each in handlers("shop.sold")] == ["new_module"]


def test_a_backend_that_cannot_be_reset(monkeypatch, request):
    def fail():
        raise ConnectionError("no server")

    monkeypatch.setattr(state, "forget", fail)
    with pytest.raises(RuntimeError, match=r"cannot reset the state .ConnectionError: no server"):
        next(_generator(request))


def _generator(request):
    from ninja_boost_testing import plugin

    return plugin._boost_state.__wrapped__(request)


def test_signers():
    pytest.importorskip("ninja_boost_webhooks")
    assert "Stripe-Signature" in ninja_boost_testing.sign_stripe("{}", "secret")


def test_missing_packages(monkeypatch):
    for name in ("ninja_boost_services", "ninja_boost_webhooks"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(MissingPackage, match=r"pip install 'ninja-boost-testing\[services\]'"):
        override_service("mailer", 1)
    with pytest.raises(ImportError, match=r"pip install 'ninja-boost-testing\[webhooks\]'"):
        ninja_boost_testing.sign_github("", "")
    with pytest.raises(AttributeError, match="no attribute 'unknown'"):
        ninja_boost_testing.unknown  # noqa: B018
