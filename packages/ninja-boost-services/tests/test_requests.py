"""Services in real requests: sync and async, AutoAPI and plain NinjaAPI."""

import asyncio
import threading
from wsgiref.util import FileWrapper

import pytest
from asgiref.sync import sync_to_async
from django.core.wsgi import get_wsgi_application
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.urls import path
from ninja import NinjaAPI, Router

from ninja_boost_core import ApiError, AutoAPI, AutoRouter, Hook, attach, event_bus
from ninja_boost_core.dependencies import inject_context
from ninja_boost_services import BoostService, inject_service
from tests.support import KINDS, data, serving, serving_view


class Email(BoostService):
    name = "email"


class Cart(BoostService):
    name = "cart"
    scoped = True


@pytest.fixture
def services(registry, log):
    registry.register(Email())
    registry.register(Cart)
    registry.register_factory("db", log.generator("db"), scope="request")
    return registry


def sync_view(function):
    def view(request, ctx):
        return function(ctx)

    return view


def async_view(function):
    async def view(request, ctx):
        return function(ctx)

    return view


BOTH = pytest.mark.parametrize("make_view", [sync_view, async_view])
ALL_KINDS = pytest.mark.parametrize("kind", KINDS)


@ALL_KINDS
@BOTH
def test_inject_service(services, kind, make_view):
    def use(ctx):
        return [
            ctx["svc_email"] is services.get("email"),
            ctx["svc_email"] is ctx["services"]["email"],
            ctx["svc_cart"] is ctx["services"]["cart"],
            isinstance(ctx["svc_cart"], Cart),
        ]

    view = inject_service("email", "cart")(make_view(use))
    with serving_view(view, kind):
        assert data(Client().get("/api/view")) == [True] * 4


@BOTH
def test_the_context_of_an_auto_router_has_the_services(services, make_view):
    seen = []

    def use(ctx):
        seen.append(ctx["services"]["cart"])
        return ctx["services"]["cart"] is seen[-1] and "email" in ctx["services"]

    with serving_view(make_view(use)):
        assert data(Client().get("/api/view")) is True
        assert data(Client().get("/api/view")) is True
    assert seen[0] is not seen[1]


@ALL_KINDS
def test_async_client_and_async_factories(services, log, kind):
    services.register_factory("session", log.async_generator("session"), scope="request")
    services.register_factory("orders", lambda session, cart: (session, cart), scope="request")

    @inject_service("orders")
    async def view(request, ctx):
        log.append("view")
        threads.append(threading.get_ident())
        return [
            ctx["svc_orders"][0],
            await ctx["services"].aget("cart") is ctx["svc_orders"][1],
            ctx["services"]["session"],
        ]

    async def use():
        threads.append(threading.get_ident())
        return data(await AsyncClient().get("/api/view"))

    threads = []
    with serving_view(view, kind):
        assert asyncio.run(use()) == ["session", True, "session"]
    assert log == ["+session", "view", "-session"]
    assert threads[0] == threads[1]


@BOTH
def test_clean_up_comes_before_the_response(services, log, make_view):
    """While it can still be an error: a commit that fails is no success."""

    def transaction():
        yield "open"
        raise RuntimeError("cannot commit")

    services.register_factory("transaction", transaction, scope="request")

    def use(ctx):
        return [ctx["services"]["db"], ctx["services"]["transaction"]]

    with serving_view(make_view(use)):
        response = Client(raise_request_exception=False).get("/api/view")
    assert response.status_code == 500
    assert response.json()["ok"] is False
    assert log == ["+db", "-db"]
    assert services.failures == {"transaction": 1}


@ALL_KINDS
@BOTH
@pytest.mark.parametrize("error", [ApiError(409, "no"), ZeroDivisionError("no")])
def test_clean_up_after_errors(services, log, make_view, kind, error):
    def use(ctx):
        _ = ctx["services"]["db"]
        raise error

    view = inject_service("email")(make_view(use))
    with serving_view(view, kind):
        response = Client(raise_request_exception=False).get("/api/view")
    assert response.status_code == (409 if isinstance(error, ApiError) else 500)
    assert log == ["+db", f"db sees {type(error).__name__}", "-db"]


def test_a_failing_factory_is_an_error_of_the_request(services, log):
    def broken(db):
        raise RuntimeError("down")

    services.register_factory("broken", broken, scope="request")
    view = inject_service("broken")(sync_view(lambda ctx: log.append("view")))
    with serving_view(view):
        response = Client(raise_request_exception=False).get("/api/view")
    assert response.status_code == 500
    assert log == ["+db", "db sees RuntimeError", "-db"]


@BOTH
def test_clean_up_without_a_hook_of_ours(services, log, make_view):
    """A plain NinjaAPI wires nothing: the services end with the request."""

    def use(ctx):
        log.append(ctx["services"]["db"])
        return 1

    with serving_view(attach(Hook())(make_view(use)), "plain"):
        assert Client().get("/api/view").status_code == 200
    assert log == ["+db", "db", "-db"]


def test_late_clean_up_that_fails_is_logged(services, log, caplog):
    def broken():
        yield
        raise RuntimeError("cannot close")

    services.register_factory("broken", broken, scope="request")
    view = attach(Hook())(sync_view(lambda ctx: str(ctx["services"].get("broken"))))
    with serving_view(view, "plain"):
        assert Client().get("/api/view").status_code == 200
    assert "after the response had been sent" in caplog.text
    assert services.failures == {"broken": 1}


@pytest.mark.parametrize("kind", ["auto", "plain"])
def test_async_clean_up_without_a_hook_of_ours(services, log, kind):
    services.register_factory("session", log.async_generator("session"), scope="request")

    @attach(Hook())
    async def view(request, ctx):
        return await ctx["services"].aget("session")

    async def use():
        return data(await AsyncClient().get("/api/view"))

    with serving_view(view, kind):
        assert asyncio.run(use()) == "session"
    assert log == ["+session", "-session"]


def test_event_handlers_share_the_services_of_the_request(services, log):
    seen = []
    event_bus.on("before_request", lambda ctx, **kw: seen.append(ctx["services"]["cart"]))
    event_bus.on("before_request", lambda ctx, **kw: seen.append(ctx["services"]["db"]))
    with serving_view(sync_view(lambda ctx: ctx["services"]["cart"] is seen[0])):
        assert data(Client().get("/api/view")) is True
    assert log == ["+db", "-db"]


def test_what_hooks_ask_for_after_the_clean_up_is_cleaned_up_too(services, log):
    class Late(Hook):
        order = 100

        def on_response(self, call):
            log.append(call.ctx["services"]["db"])

    with serving_view(attach(Late())(sync_view(lambda ctx: ctx["services"]["db"]))):
        Client().get("/api/view")
    assert log == ["+db", "-db", "+db", "db", "-db"]


def test_the_request_takes_its_services_with_it(services):
    kept = []
    with serving_view(sync_view(lambda ctx: kept.append(ctx["services"]))):
        Client().get("/api/view")
    assert isinstance(kept[0]["email"], Email)
    with pytest.raises(LookupError, match="no service 'x'"):
        kept[0]["x"]
    with pytest.raises(Exception, match="The request is over"):
        kept[0]["cart"]


def test_views_that_take_no_context_get_no_services(services):
    router = AutoRouter()

    @router.get("/view")
    def view(request):
        return "_boost_services" in request.__dict__

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        assert data(Client().get("/api/view")) is False


def test_a_direct_call_enforces_and_cleans_up(services, log):
    @inject_service("db")
    def view(request, ctx):
        log.append("view")
        return ctx["svc_db"]

    assert view(RequestFactory().get("/")) == "db"
    assert log == ["+db", "view", "-db"]


@BOTH
def test_a_view_that_calls_another_keeps_its_services(services, log, make_view):
    inner = inject_service("db")(sync_view(lambda ctx: log.append("inner")))

    def outer(request, ctx):
        inner(request)
        log.append(ctx["svc_db"])
        return 1

    async def async_outer(request, ctx):
        return outer(request, ctx)

    view = outer if make_view is sync_view else async_outer
    with serving_view(inject_service("db")(view)):
        assert Client().get("/api/view").status_code == 200
    assert log == ["+db", "inner", "db", "-db"]


def test_a_custom_di_decorator(services):
    def di(view):
        def wrapper(request, *args, **kwargs):
            return view(request, {"mine": 1}, *args, **kwargs)

        return wrapper

    @inject_service("email")
    def view(request, ctx):
        return [ctx["mine"], ctx["svc_email"] is services.get("email")]

    with override_settings(NINJA_BOOST={"AUTH": None, "DI": di}), serving_view(view):
        assert data(Client().get("/api/view")) == [1, True]


def test_a_disabled_feature_still_injects(services, log):
    view = inject_service("db")(sync_view(lambda ctx: [ctx["svc_db"], dict(ctx["services"])]))
    disabled = {"AUTH": None, "DISABLED_FEATURES": ["services"]}
    with override_settings(NINJA_BOOST=disabled), serving_view(view):
        assert data(Client().get("/api/view")) == ["db", {}]
    assert log == ["+db", "-db"]


def test_inject_service_takes_names():
    with pytest.raises(TypeError, match="takes names"):
        inject_service()
    with pytest.raises(TypeError, match="takes names"):
        inject_service(lambda request: 1)


def test_the_route_inventory_and_the_document(services):
    @inject_service("email", "cart")
    def view(request, ctx):
        return 1

    api, router = AutoAPI(), AutoRouter()
    router.get("/view")(view)
    api.add_router("", router)
    [(_, operation)] = api.operations()
    assert "services email, cart" in [hook.describe() for hook in operation.hooks]
    with serving(api=api):
        assert "ctx" not in str(api.get_openapi_schema())


# Streams: the services live until the last chunk.


def streaming(log, fail=False):
    @inject_service("db")
    def view(request, ctx):
        def chunks():
            try:
                for number in "12":
                    log.append(number)
                    yield number
                if fail:
                    raise ZeroDivisionError
            finally:
                log.append(f"stream ends with {ctx['svc_db']}")

        return StreamingHttpResponse(chunks())

    return view


def async_streaming(log, fail=False):
    @inject_service("db", "session")
    async def view(request, ctx):
        async def chunks():
            try:
                for number in "12":
                    log.append(number)
                    yield number
                if fail:
                    raise ZeroDivisionError
            finally:
                log.append(f"stream ends with {ctx['svc_session']}")

        return StreamingHttpResponse(chunks())

    return view


@ALL_KINDS
def test_a_stream(services, log, kind):
    with serving_view(streaming(log), kind):
        response = Client().get("/api/view")
        assert log == ["+db"]
        assert b"".join(response) == b"12"
    assert log == ["+db", "1", "2", "stream ends with db", "-db"]


@ALL_KINDS
def test_a_stream_that_fails(services, log, kind):
    with serving_view(streaming(log, fail=True), kind):
        response = Client().get("/api/view")
        with pytest.raises(ZeroDivisionError):
            b"".join(response)
    assert log[3:] == ["stream ends with db", "db sees ZeroDivisionError", "-db"]


@BOTH
def test_a_service_that_a_stream_is_the_first_to_ask_for(services, log, make_view):
    def chunks(ctx):
        yield ctx["services"]["db"]
        raise ZeroDivisionError

    async def achunks(ctx):
        for chunk in (await ctx["services"].aget("db"), None):
            if chunk is None:
                raise ZeroDivisionError
            yield chunk

    is_async = make_view is async_view
    body = achunks if is_async else chunks

    async def read(response):
        return [chunk async for chunk in response]

    with serving_view(make_view(lambda ctx: StreamingHttpResponse(body(ctx)))):
        response = Client().get("/api/view")
        assert log == []
        with pytest.raises(ZeroDivisionError):
            asyncio.run(read(response)) if is_async else list(response)
    assert log == ["+db", "db sees ZeroDivisionError", "-db"]


@ALL_KINDS
def test_a_client_that_leaves_a_stream(services, log, kind):
    with serving_view(streaming(log), kind):
        response = Client().get("/api/view")
        assert next(iter(response)) == b"1"
        assert "-db" not in log
        response.close()
    assert log == ["+db", "1", "stream ends with db", "db sees RequestAborted", "-db"]


@ALL_KINDS
@pytest.mark.parametrize("fail", [False, True])
async def test_an_async_stream(services, log, kind, fail):
    services.register_factory("session", log.async_generator("session"), scope="request")
    with serving_view(async_streaming(log, fail), kind):
        response = await AsyncClient().get("/api/view")
        assert log == ["+db", "+session"]
        if fail:
            with pytest.raises(ZeroDivisionError):
                [chunk async for chunk in response]
            told = ["session sees ZeroDivisionError", "-session", "db sees ZeroDivisionError"]
        else:
            assert [chunk async for chunk in response] == [b"1", b"2"]
            told = ["-session"]
    assert log[2:] == ["1", "2", "stream ends with session", *told, "-db"]


def test_services_first_used_in_a_stream(services, log):
    def view(request, ctx):
        def chunks():
            yield ctx["services"]["db"]

        return StreamingHttpResponse(chunks())

    for wired in (True, False):
        log.clear()
        with serving_view(view if wired else attach(Hook())(view), "auto" if wired else "plain"):
            assert b"".join(Client().get("/api/view")) == b"db"
        assert log == ["+db", "-db"]


def test_a_stream_that_nobody_reads(services, log):
    with serving_view(streaming(log)):
        Client().head("/api/view").close()
        response = Client().get("/api/view")
        response.close()
    assert log == ["+db", "-db"]


def test_a_file_is_not_wrapped(services, log, tmp_path):
    (tmp_path / "file").write_bytes(b"content")

    @inject_service("db")
    def view(request, ctx):
        return FileResponse((tmp_path / "file").open("rb"))

    environ = RequestFactory().get("/api/view").environ
    environ["wsgi.file_wrapper"] = FileWrapper
    with serving_view(view):
        body = get_wsgi_application()(environ, lambda status, headers: None)
        assert type(body) is FileWrapper
        assert b"".join(body) == b"content"
        assert log == ["+db"]
        body.close()
    assert log == ["+db", "-db"]


def test_other_views_use_the_context_too(services, log):
    def view(request, ctx):
        return HttpResponse(ctx["services"]["db"])

    with serving(path("view", inject_context(view))):
        assert Client().get("/view").content == b"db"
    assert log == ["+db", "-db"]


def test_one_router_on_two_apis(services):
    router = Router()

    @router.get("/view")
    @inject_service("cart")
    def view(request, ctx):
        return type(ctx["svc_cart"]).__name__

    one, two = NinjaAPI(urls_namespace="one"), AutoAPI(urls_namespace="two")
    one.add_router("", router)
    with serving(one=one):
        assert data(Client().get("/one/view")) == "Cart"
    two.get("/view")(view)
    with serving(two=two):
        assert data(Client().get("/two/view")) == "Cart"


async def test_sync_views_under_asgi(services, log):
    def use(ctx):
        return ctx["services"]["db"]

    with serving_view(sync_view(use)):
        assert data(await AsyncClient().get("/api/view")) == "db"
        assert data(await sync_to_async(Client().get)("/api/view")) == "db"
    assert log == ["+db", "-db"] * 2
