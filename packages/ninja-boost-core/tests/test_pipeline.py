"""The order of the points, early answers, the context, direct calls, and every way out."""

from __future__ import annotations

import asyncio
import functools
import gc
import weakref
from contextlib import contextmanager

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from ninja import NinjaAPI, Query, Router, Schema
from ninja.errors import ValidationError
from ninja.security import HttpBearer

from ninja_boost_core import (
    ApiError,
    Argument,
    AutoAPI,
    AutoRouter,
    Call,
    Hook,
    Order,
    attach,
    event_bus,
)
from ninja_boost_core.dependencies import build_context, inject_context, may_have

from .support import DEMO, serving

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


class Recorder(Hook):
    """Notes each point; its async twins note themselves with an ``a``."""

    def __init__(self, name, order, log, answer_at=None):
        self.name, self.log, self.answer_at = name, log, answer_at
        self.order = order

    def note(self, point):
        self.log.append(f"{self.name}.{point}")
        return (
            HttpResponse(b"early")
            if (self.answer_at or "").removeprefix("a") == point.removeprefix("a")
            else None
        )

    def before_auth(self, call):
        return self.note("before_auth")

    async def abefore_auth(self, call):
        return self.note("abefore_auth")

    def after_auth(self, call):
        assert call.request.auth
        assert call.ctx["user"]
        assert not call.values
        return self.note("after_auth")

    def before_view(self, call):
        assert call.values == {"number": 3}
        return self.note("before_view")

    def after_view(self, call, result):
        assert call.entered_view
        self.note("after_view")
        return [*result, self.name]

    async def aafter_view(self, call, result):
        return self.after_view(call, result)

    def on_response(self, call):
        self.log.append(f"{self.name}.on_response:{call.response.status_code}")


def recorded(is_async, **options):
    """Return an API with one view that has two recorders, and their log."""
    log: list[str] = []
    outer = Recorder("outer", Order.AUDIT, log, options.get("outer"))
    inner = Recorder("inner", Order.CACHE, log, options.get("inner"))
    router = AutoRouter()

    def view(request, ctx, number: int):
        log.append("view")
        if options.get("raises"):
            raise options["raises"]
        return [number]

    async def async_view(request, ctx, number: int):
        return view(request, ctx, number)

    router.get("/x/{number}")(attach(inner)(attach(outer)(async_view if is_async else view)))
    api = AutoAPI()
    api.add_router("", router)
    return api, log


@BOTH
def test_points_run_in_order_and_back(is_async):
    api, log = recorded(is_async)
    with serving(api=api), override_settings(DEBUG=True):
        answer = Client().get("/api/x/3", headers=DEMO)
    assert answer.json()["data"] == [3, "inner", "outer"]
    a = "a" if is_async else ""
    assert log == [
        f"outer.{a}before_auth",
        f"inner.{a}before_auth",
        "outer.after_auth",
        "inner.after_auth",
        "outer.before_view",
        "inner.before_view",
        "view",
        "inner.after_view",
        "outer.after_view",
        "inner.on_response:200",
        "outer.on_response:200",
    ]


@BOTH
@pytest.mark.parametrize("point", ["before_auth", "after_auth", "before_view"])
def test_an_early_answer_skips_the_rest_but_not_on_response(is_async, point):
    api, log = recorded(is_async, outer=point)
    with serving(api=api), override_settings(DEBUG=True):
        answer = Client().get("/api/x/3", headers=DEMO)
    assert answer.content == b"early"
    assert "view" not in log
    assert f"inner.{point}" not in log
    assert log[-2:] == ["inner.on_response:200", "outer.on_response:200"]


@BOTH
@pytest.mark.parametrize(
    ("headers", "path", "raises", "status"),
    [
        ({}, "/api/x/3", None, 401),
        (DEMO, "/api/x/three", None, 422),
        (DEMO, "/api/x/3", ApiError(409, "Taken."), 409),
        (DEMO, "/api/x/3", ZeroDivisionError(), 500),
    ],
)
def test_on_response_runs_on_every_outcome(is_async, headers, path, raises, status):
    api, log = recorded(is_async, raises=raises)
    with serving(api=api), override_settings(DEBUG=True):
        answer = Client(raise_request_exception=False).get(path, headers=headers)
    assert answer.status_code == status
    assert log[-2:] == [f"inner.on_response:{status}", f"outer.on_response:{status}"]


@BOTH
def test_on_response_sees_an_error_that_leaves_a_plain_api(is_async):
    seen = []

    class Watch(Hook):
        def on_response(self, call):
            seen.append((call.response, type(call.error)))

    router = Router()
    if is_async:

        @router.get("/x")
        @attach(Watch())
        async def view(request):
            raise ZeroDivisionError
    else:

        @router.get("/x")
        @attach(Watch())
        def view(request):
            raise ZeroDivisionError

    api = NinjaAPI(urls_namespace=f"leaves-{is_async}")
    api.add_router("", router)
    with serving(api=api), pytest.raises(ZeroDivisionError):
        Client().get("/api/x")
    assert seen == [(None, ZeroDivisionError)]


async def test_on_response_runs_when_the_client_goes_away():
    seen, entered = [], asyncio.Event()

    class Lease(Hook):
        async def aon_response(self, call):
            await asyncio.sleep(0)
            seen.append(type(call.error))

        def on_response(self, call):
            raise AssertionError

    class Broken(Hook):
        order = Order.PAGINATION  # closes first

        def on_response(self, call):
            raise ZeroDivisionError

    router = AutoRouter(auth=None)

    @router.get("/x")
    @attach(Lease(), Broken())
    async def view(request, ctx):
        entered.set()
        await asyncio.sleep(60)

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        ((_, operation),) = api.operations()
        task = asyncio.create_task(operation.run(RequestFactory().get("/api/x")))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert seen == [asyncio.CancelledError]


async def test_a_cancellation_between_closing_hooks_skips_none():
    seen, entered = [], asyncio.Event()

    class Slow(Hook):
        order = Order.PAGINATION  # closes first

        async def aon_response(self, call):
            entered.set()
            await asyncio.sleep(60)

        def on_response(self, call):
            raise AssertionError

    class Lease(Hook):
        def on_response(self, call):
            seen.append(type(call.error))

    router = AutoRouter(auth=None)

    @router.get("/x")
    @attach(Lease(), Slow())
    async def view(request, ctx): ...

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        ((_, operation),) = api.operations()
        task = asyncio.create_task(operation.run(RequestFactory().get("/api/x")))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert seen == [asyncio.CancelledError]


def test_a_hook_with_only_the_async_half_is_refused():
    with pytest.raises(TypeError, match="overrides abefore_view without before_view"):

        class Half(Hook):
            async def abefore_view(self, call): ...


def test_an_answer_that_is_no_response_is_an_error():
    class Wrong(Hook):
        def before_view(self, call):
            return True

    router = AutoRouter(auth=None)

    @router.get("/x")
    @attach(Wrong())
    def view(request, ctx):
        return {}

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api), pytest.raises(TypeError, match="return an HttpResponse"):
        Client().get("/api/x")


# The context and the DI setting.


def context_api(is_async, **options):
    router = AutoRouter(**options)
    if is_async:

        @router.get("/x")
        async def view(request, ctx, number: int = 1):
            return {**ctx, "services": dict(ctx["services"]), "number": number}
    else:

        @router.get("/x")
        def view(request, ctx, number: int = 1):
            return {**ctx, "services": dict(ctx["services"]), "number": number}

    api = AutoAPI()
    api.add_router("", router)
    return api


@BOTH
def test_the_context(is_async):
    with serving(api=context_api(is_async)), override_settings(DEBUG=True):
        answer = Client().get("/api/x?number=4", headers=DEMO, REMOTE_ADDR="203.0.113.9")
    assert answer.json()["data"] == {
        "user": {"user_id": 1, "username": "demo", "is_staff": False},
        "ip": "203.0.113.9",
        "trace_id": None,
        "services": {},
        "number": 4,
    }


@BOTH
def test_a_context_is_made_once_and_only_for_those_who_ask(is_async, monkeypatch):
    made: list[str] = []

    def counting(request):
        made.append(request.path)
        return build_context(request)

    monkeypatch.setattr("ninja_boost_core.call.build_context", counting)
    seen = []

    class Asks(Hook):
        def before_auth(self, call):
            seen.append(call.ctx)

        def after_view(self, call, result):
            if call.request.path == "/api/asked":
                seen.append((call.ctx["user"], call.ctx is call.ctx))
            return result

    router = AutoRouter()
    for path in ("/asked", "/not"):
        if is_async:

            @router.get(path)
            @attach(Asks())
            async def aview(request):
                return 1

        else:

            @router.get(path)
            @attach(Asks())
            def view(request):
                return 1

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api), override_settings(DEBUG=True):
        for path in ("/api/asked", "/api/not"):
            assert Client().get(path, headers=DEMO).status_code == 200
    assert made == ["/api/asked"]
    user = {"user_id": 1, "username": "demo", "is_staff": False}
    assert seen == [{}, (user, True), {}]


@pytest.mark.parametrize(
    ("name", "value", "makes"),
    [("tenant_id", None, 0), ("ip", "127.0.0.1", 1), ("colour", "red", 1)],
)
def test_one_value_of_the_context(name, value, makes, monkeypatch, rf):
    made: list[str] = []

    def counting(request):
        made.append(request.path)
        return build_context(request)

    monkeypatch.setattr("ninja_boost_core.call.build_context", counting)
    factories = {"colour": lambda request: "red"}
    monkeypatch.setattr("ninja_boost_core.dependencies.context_factories", lambda: factories)
    call = Call(rf.get("/"), None, {})
    assert call.from_ctx(name) is None  # there is no context yet
    call._ctx = None
    assert call.from_ctx(name) == value
    assert len(made) == makes
    assert all(may_have(each) for each in call.ctx)
    call.ctx["tenant_id"] = 7
    assert call.from_ctx("tenant_id") == 7


def test_an_authentication_that_returns_true_names_nobody():
    class Yes(HttpBearer):
        def authenticate(self, request, token):
            return True

    with serving(api=context_api(False, auth=Yes())):
        assert Client().get("/api/x", headers=DEMO).json()["data"]["user"] is None


def tenant_inject(func):
    """A user's own DI decorator, as the original documents it; queries the database."""

    @functools.wraps(func)
    def wrapper(request, *args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 42")
            (tenant,) = cursor.fetchone()
        return func(request, {**build_context(request), "tenant": tenant}, *args, **kwargs)

    return wrapper


def async_inject(func):
    @functools.wraps(func)
    async def wrapper(request, *args, **kwargs):
        await asyncio.sleep(0)
        return await func(request, {**build_context(request), "tenant": 43}, *args, **kwargs)

    return wrapper


def refusing_inject(func):
    def wrapper(request, *args, **kwargs):
        return {"refused": True}

    return wrapper


@BOTH
def test_a_custom_injector_wraps_what_follows(is_async):
    with (
        serving(api=context_api(is_async)),
        override_settings(DEBUG=True, NINJA_BOOST={"DI": tenant_inject}),
    ):
        assert Client().get("/api/x", headers=DEMO).json()["data"]["tenant"] == 42


def test_an_async_injector():
    with (
        serving(api=context_api(True)),
        override_settings(DEBUG=True, NINJA_BOOST={"DI": async_inject}),
    ):
        assert Client().get("/api/x", headers=DEMO).json()["data"]["tenant"] == 43


def test_an_injector_may_answer_in_the_views_place():
    with (
        serving(api=context_api(False)),
        override_settings(DEBUG=True, NINJA_BOOST={"DI": refusing_inject}),
    ):
        assert Client().get("/api/x", headers=DEMO).json() == {
            "ok": True,
            "data": {"refused": True},
        }


def test_an_injector_sees_the_views_exception():
    seen = []

    def watching(func):
        def wrapper(request, *args, **kwargs):
            try:
                return func(request, build_context(request), *args, **kwargs)
            except ApiError as error:
                seen.append(error.status_code)
                raise

        return wrapper

    router = AutoRouter(auth=None)

    @router.get("/x")
    def view(request, ctx):
        raise ApiError(418, "Teapot.")

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api), override_settings(NINJA_BOOST={"DI": watching}):
        assert Client().get("/api/x").status_code == 418
    assert seen == [418]


def test_inject_context_serves_views_outside_routers(rf):
    @inject_context
    def view(request, ctx, number):
        return ctx["ip"], number

    @inject_context
    async def async_view(request, ctx, number):
        return ctx["ip"], number

    assert view(rf.get("/"), 3) == ("127.0.0.1", 3)
    assert asyncio.run(async_view(rf.get("/"), 3)) == ("127.0.0.1", 3)


def test_ctx_may_stand_anywhere_or_nowhere():
    router = AutoRouter(auth=None)

    @router.get("/last")
    def last(request, number: int, *, ctx):
        return [number, ctx["ip"]]

    @router.get("/none")
    def none(request, number: int):
        return [number]

    @router.get("/own", inject=False)
    def own(request, ctx: str):
        return [ctx]

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        client = Client()
        assert client.get("/api/last?number=2").json()["data"] == [2, "127.0.0.1"]
        assert client.get("/api/none?number=2").json()["data"] == [2]
        assert client.get("/api/own?ctx=mine").json()["data"] == ["mine"]


# attach: decorated functions called directly, and decorators of others in between.


class Gate(Hook):
    order = Order.PERMISSION

    def __init__(self):
        self.calls = 0

    def before_view(self, call):
        self.calls += 1
        if call.values.get("number") == 13:
            raise ApiError(403, "No.")
        if call.values.get("number") == 7:
            return HttpResponse(b"lucky")
        return None

    def after_view(self, call, result):
        return {**result, "ip": call.ctx["ip"]}


def foreign(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@BOTH
def test_a_decorated_function_enforces_its_hooks_when_called_directly(is_async, rf):
    gate = Gate()

    def view(request, ctx, number: int):
        """What it does."""
        return {"number": number, "user": ctx.get("user")}

    async def async_view(request, ctx, number: int):
        return view(request, ctx, number)

    decorated = attach(gate)(async_view if is_async else view)
    run = (lambda c: asyncio.run(c)) if is_async else (lambda value: value)

    request = rf.get("/")
    assert run(decorated(request, {"user": 1, "ip": "x"}, 3)) == {"number": 3, "user": 1, "ip": "x"}
    assert run(decorated(request, number=3)) == {"number": 3, "user": None, "ip": "127.0.0.1"}
    assert run(decorated(request, number=7)).content == b"lucky"
    with pytest.raises(ApiError):
        run(decorated(request, ctx={"ip": "x"}, number=13))
    assert gate.calls == 4
    assert decorated.__name__ == (async_view if is_async else view).__name__


@pytest.mark.parametrize("outside", [True, False])
def test_a_direct_call_keeps_the_order_too(outside, rf):
    log = []

    class Guard(Hook):
        order = Order.PERMISSION

        def before_view(self, call):
            log.append("guard")

    class Store(Guard):
        order = Order.CACHE

        def before_view(self, call):
            log.append("store")
            return HttpResponse(b"stored")

    inner, outer = (Store(), Guard()) if outside else (Guard(), Store())
    view = attach(outer)(attach(inner)(lambda request, ctx: {}))
    assert view(rf.get("/")).content == b"stored"
    assert log == ["guard", "store"]


def test_views_are_wrapped_from_the_inside_out():
    class Wrapping(Hook):
        def __init__(self, name, order):
            self.name, self.order = name, order

        def wrap_view(self, view):
            return lambda request, ctx, **values: [self.name, *view(request, ctx, **values)]

    router = AutoRouter(auth=None)

    @router.get("/x")
    @attach(Wrapping("outer", Order.AUDIT), Wrapping("inner", Order.PAGINATION))
    def view(request, ctx):
        return ["view"]

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        assert Client().get("/api/x").json()["data"] == ["outer", "inner", "view"]


@pytest.mark.parametrize("router_class", [AutoRouter, Router])
def test_hooks_run_once_through_foreign_decorators(router_class):
    first, second = Gate(), Gate()
    router = router_class(auth=None)

    @router.get("/x/{number}")
    @attach(first)
    @foreign
    @attach(second)
    @foreign
    def view(request, ctx, number: int):
        return {"number": number}

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        answer = Client().get("/api/x/3")
    assert answer.json()["data"] == {"number": 3, "ip": "127.0.0.1"}
    assert (first.calls, second.calls) == (1, 1)


def test_a_view_that_calls_another_view_enforces_that_ones_hooks():
    inner_gate = Gate()

    @attach(inner_gate)
    def inner(request, ctx, number: int):
        return {"number": number}

    router = AutoRouter(auth=None)

    @router.get("/x/{number}")
    @attach(Gate())
    def outer(request, ctx, number: int):
        return inner(request, ctx, 13)

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        assert Client().get("/api/x/3").status_code == 403
    assert inner_gate.calls == 1


class Limit(Schema):
    limit: int = 10


class Limited(Hook):
    arguments = (Argument("window", Limit, Query(...)),)

    def after_view(self, call, result):
        return result[: call.arguments["window"].limit]


def test_arguments_of_a_hook(rf):
    @attach(Limited())
    def view(request, ctx, start: int = 0):
        return list(range(start, 20))

    router = AutoRouter(auth=None)
    router.get("/x")(view)
    plain = Router(auth=None)
    plain.get("/x")(view)
    api = AutoAPI()
    api.add_router("/auto", router)
    api.add_router("/plain", plain)
    with serving(api=api):
        client = Client()
        for kind in ("auto", "plain"):
            assert client.get(f"/api/{kind}/x?limit=2&start=4").json()["data"] == [4, 5]
            assert client.get(f"/api/{kind}/x?limit=x").status_code == 422
    assert view(rf.get("/?limit=3"), start=1) == [1, 2, 3]
    assert view(rf.get("/"), window=Limit(limit=1)) == [0]
    with pytest.raises(ValidationError):
        view(rf.get("/?limit=x"))


def test_a_view_may_be_registered_twice():
    def view(request, ctx):
        return {"user": ctx["user"]}

    router = AutoRouter()
    router.get("/closed")(view)
    router.get("/open", auth=None)(view)
    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        assert Client().get("/api/closed").status_code == 401
        assert Client().get("/api/open").status_code == 200


# Authentication.


async def test_async_authentication_and_no_thread_for_nonblocking():
    import threading

    threads = []

    class Slow(HttpBearer):
        def authenticate(self, request, token):
            threads.append(threading.current_thread())
            return {"user_id": 1}

    class Fast(Slow):
        nonblocking = True

    class Native(HttpBearer):
        async def authenticate(self, request, token):
            await asyncio.sleep(0)
            return {"user_id": 2} if token == "native" else None

    router = AutoRouter()
    for name, auth in (("slow", Slow()), ("fast", Fast()), ("native", Native())):

        @router.get(f"/{name}", auth=auth)
        async def view(request, ctx):
            return ctx["user"]

    @router.get("/sync-native", auth=Native())
    def sync_view(request, ctx):
        return ctx["user"]

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        client = AsyncClient()
        bearer = {"Authorization": "Bearer native"}
        assert (await client.get("/api/slow", headers=bearer)).status_code == 200
        assert (await client.get("/api/fast", headers=bearer)).status_code == 200
        assert (await client.get("/api/native", headers=bearer)).json()["data"] == {"user_id": 2}
        assert (await client.get("/api/native", headers=DEMO)).status_code == 401
        assert (await client.get("/api/sync-native", headers=bearer)).status_code == 200
    main = threading.current_thread()
    assert threads[0] is not main
    assert threads[1] is main


class SessionAuth:
    """As the original's readme shows it: a class whose call gives an authentication."""

    def __call__(self):
        from ninja.security import django_auth

        return django_auth


def function_auth(request):
    return {"user_id": 5} if request.headers.get("X-Five") else None


def test_what_the_auth_setting_takes():
    api = context_api(False)
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]
    signed_cookies = "django.contrib.sessions.backends.signed_cookies"
    with serving(api=api):
        with override_settings(
            NINJA_BOOST={"AUTH": SessionAuth}, MIDDLEWARE=middleware, SESSION_ENGINE=signed_cookies
        ):
            answer = Client().get("/api/x")
            assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Session")
        with override_settings(NINJA_BOOST={"AUTH": function_auth}):
            assert Client().get("/api/x").status_code == 401
            assert Client().get("/api/x", headers={"X-Five": "1"}).status_code == 200
        with override_settings(NINJA_BOOST={"AUTH": None}):
            assert Client().get("/api/x").status_code == 200


# Errors and transactions.


@pytest.mark.django_db(transaction=True)
def test_an_error_rolls_back_the_transaction_of_the_request():
    from django.contrib.auth.models import Group

    router = AutoRouter(auth=None)

    @router.post("/{name}")
    def view(request, ctx, name: str):
        Group.objects.create(name=name)
        if name == "conflict":
            raise ApiError(409, "Taken.")
        if name == "bug":
            raise ZeroDivisionError
        return {}

    api = AutoAPI()
    api.add_router("", router)
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        with serving(api=api):
            client = Client(raise_request_exception=False)
            assert [client.post(f"/api/{n}").status_code for n in ("good", "conflict", "bug")] == [
                200,
                409,
                500,
            ]
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
    assert [group.name for group in Group.objects.all()] == ["good"]


def test_an_unhandled_error_is_reported_as_django_would(caplog):
    router = AutoRouter(auth=None)

    @router.get("/x")
    def view(request, ctx):
        raise ZeroDivisionError("secret")

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        with pytest.raises(ZeroDivisionError):
            Client().get("/api/x")
        (record, *_) = [r for r in caplog.records if r.levelname == "ERROR"]
        assert record.name == "django.request"
        assert record.exc_info[0] is ZeroDivisionError
        assert record.status_code == 500


# Events.


@contextmanager
def listening(*names):
    heard = []
    handlers = []
    for name in names:

        def handler(name=name, **arguments):
            heard.append((name, arguments))

        event_bus.on(name, handler)
        handlers.append((name, handler))
    try:
        yield heard
    finally:
        for name, handler in handlers:
            event_bus.off(name, handler)


@BOTH
def test_events_of_a_request(is_async):
    api, _ = recorded(is_async)
    names = ("before_request", "after_response", "on_error", "on_auth_failure")
    with serving(api=api), override_settings(DEBUG=True), listening(*names) as heard:
        client = Client(raise_request_exception=False)
        client.get("/api/x/3", headers=DEMO)
        assert [name for name, _ in heard] == ["before_request", "after_response"]
        assert heard[0][1]["ctx"]["user"] is None
        assert heard[1][1]["ctx"]["user"]["user_id"] == 1
        assert heard[1][1]["response"].status_code == 200
        assert heard[1][1]["duration_ms"] > 0
        heard.clear()
        client.get("/api/x/3")
        refused = ["before_request", "on_auth_failure", "after_response"]
        assert [name for name, _ in heard] == refused
        heard.clear()
        client.get("/api/x/3", headers={"Authorization": "Bearer wrong"})
        assert [name for name, _ in heard] == refused


@BOTH
def test_on_error_is_for_what_nobody_expected(is_async):
    for raises, expected in ((ZeroDivisionError(), 1), (ApiError(503, "Away."), 0)):
        api, _ = recorded(is_async, raises=raises)
        with serving(api=api), override_settings(DEBUG=True), listening("on_error") as heard:
            Client(raise_request_exception=False).get("/api/x/3", headers=DEMO)
        assert len(heard) == expected
        if expected:
            assert heard[0][1]["exc"] is raises
            assert heard[0][1]["ctx"]["user"]["user_id"] == 1


async def test_an_async_operation_may_use_handlers_that_query():
    @sync_to_async
    def check():
        return transaction.get_connection().in_atomic_block

    failures = []

    def handler(request, ctx, **kw):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except SynchronousOnlyOperation as error:
            failures.append(error)
            raise

    api = context_api(True, auth=None)
    event_bus.on("before_request", handler)
    try:
        with serving(api=api):
            assert (await AsyncClient().get("/api/x")).status_code == 200
    finally:
        event_bus.off("before_request", handler)
    await check()
    assert not failures


@pytest.mark.parametrize("outcome", ["fine", "refused"])
def test_a_request_is_freed_when_it_is_over(outcome):
    router = AutoRouter(auth=None)

    @router.get("/fine")
    def fine(request, ctx):
        return 1

    @router.get("/refused", auth=lambda request: None)
    def refused(request, ctx):
        return 1

    api = AutoAPI()
    api.add_router("", router)
    view = next(url.callback for url in api.urls[0] if str(url.pattern) == outcome)
    view(RequestFactory().get(f"/{outcome}"))
    request = RequestFactory().get(f"/{outcome}")
    gone = weakref.ref(request)
    gc.disable()
    try:
        response = view(request)
        del request
        assert gone() is None
    finally:
        gc.enable()
    assert response.status_code == {"fine": 200, "refused": 401}[outcome]
