"""The seven invariants of the design; each test fails when its invariant is broken."""

from __future__ import annotations

import ast
import itertools
import json
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpResponse
from django.test import AsyncClient, Client, override_settings
from ninja import NinjaAPI, Query, Router, Schema
from ninja.errors import HttpError
from ninja.security import APIKeyHeader
from ninja.throttling import AnonRateThrottle

import ninja_boost_core
from ninja_boost_core import (
    ApiError,
    Argument,
    AutoAPI,
    AutoRouter,
    Hook,
    Order,
    attach,
)
from ninja_boost_core.checks import check_operations, check_settings
from ninja_boost_core.problems import MissingDependency

from .support import DEMO, Status, serving

pytestmark = pytest.mark.django_db


class Item(Schema):
    id: int
    name: str = ""


class Deny(Hook):
    """Stands for a permission or a policy."""

    def before_view(self, call):
        if call.request.headers.get("X-Role") != "staff":
            raise ApiError(403, "Permission denied.")


class Permission(Deny):
    order = Order.PERMISSION


class Policy(Deny):
    order = Order.POLICY


class Answer(Hook):
    """Stands for a cache or an idempotency store that has the answer."""

    def before_view(self, call):
        return HttpResponse(b"stored")


class Cache(Answer):
    order = Order.CACHE


class Replay(Answer):
    order = Order.IDEMPOTENCY


# 1. A stored response never reaches a caller whom auth, permission or policy would refuse.


@pytest.mark.parametrize("store", [Cache(), Replay()], ids=["cache", "replay"])
@pytest.mark.parametrize(
    "guard", [Permission(), Policy(), Deny()], ids=["permission", "policy", "own"]
)
@pytest.mark.parametrize("guard_outside", [True, False])
@pytest.mark.parametrize("is_async", [True, False])
def test_a_stored_answer_never_passes_a_refusal(store, guard, guard_outside, is_async):
    router = AutoRouter()
    entered = []

    if is_async:

        async def view(request, ctx):
            entered.append(1)
            return {}
    else:

        def view(request, ctx):
            entered.append(1)
            return {}

    inner, outer = (store, guard) if guard_outside else (guard, store)
    router.get("/x")(attach(outer)(attach(inner)(view)))
    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api), override_settings(DEBUG=True):
        client = Client()
        assert client.get("/api/x").status_code == 401
        assert client.get("/api/x", headers=DEMO).status_code == 403
        allowed = client.get("/api/x", headers={**DEMO, "X-Role": "staff"})
    assert (allowed.status_code, allowed.content) == (200, b"stored")
    assert not entered


# 2. An operation of an AutoRouter without auth=None never runs unauthenticated.


class Key(APIKeyHeader):
    param_name = "X-Key"

    def authenticate(self, request, key):
        return {"user_id": 7} if key == "right" else None


def guarded_router() -> AutoRouter:
    router = AutoRouter()

    @router.get("/closed")
    def closed(request, ctx):
        return {"user": ctx["user"]}

    @router.get("/closed-async")
    async def closed_async(request, ctx):
        return {"user": ctx["user"]}

    @router.get("/open", auth=None)
    def open_(request, ctx):
        return {"user": ctx["user"]}

    @router.get("/bare", inject=False)
    def bare(request):
        return {}

    return router


def nested(api, router):
    parent = Router()
    parent.add_router("", router)
    api.add_router("", parent)


def direct(api, router):
    api.add_router("", router)


APIS = {
    "AutoAPI": AutoAPI,
    "NinjaAPI": NinjaAPI,
    "NinjaAPI auth=None": lambda **kw: NinjaAPI(auth=None, **kw),
}


@pytest.mark.parametrize("mount", [direct, nested])
@pytest.mark.parametrize("kind", APIS)
def test_an_auto_router_is_never_open_by_accident(kind, mount):
    api = APIS[kind](urls_namespace=f"guard-{kind}-{mount.__name__}".replace(" ", ""))
    mount(api, guarded_router())
    with serving(api=api), override_settings(DEBUG=True):
        client = Client()
        for path in ("closed", "closed-async", "bare"):
            assert client.get(f"/api/{path}").status_code == 401, path
            assert client.get(f"/api/{path}", headers=DEMO).status_code == 200, path
        assert client.get("/api/open").status_code == 200


def test_explicit_auth_wins_over_the_setting():
    """Operation, router, mount and AutoAPI decide, in Ninja's own order."""
    closed_router, open_router = guarded_router(), AutoRouter(auth=None)

    @open_router.get("/r")
    def router_says_none(request, ctx):
        return {}

    @open_router.get("/op", auth=Key())
    def operation_says_key(request, ctx):
        return {}

    mounted = AutoRouter()

    @mounted.get("/m")
    def mount_says_none(request, ctx):
        return {}

    plain = NinjaAPI(urls_namespace="explicit-plain")
    plain.add_router("/a", closed_router)
    plain.add_router("/b", open_router)
    plain.add_router("/c", mounted, auth=None)
    keyed = AutoAPI(urls_namespace="explicit-keyed", auth=Key())
    keyed.add_router("", guarded_router())
    opened = AutoAPI(urls_namespace="explicit-open", auth=None)
    opened.add_router("", guarded_router())
    with serving(plain=plain, keyed=keyed, opened=opened), override_settings(DEBUG=True):
        client = Client()
        assert client.get("/plain/a/closed").status_code == 401
        assert client.get("/plain/b/r").status_code == 200
        assert client.get("/plain/b/op").status_code == 401
        assert client.get("/plain/b/op", headers={"X-Key": "right"}).status_code == 200
        assert client.get("/plain/c/m").status_code == 200
        assert client.get("/keyed/closed", headers=DEMO).status_code == 401
        assert client.get("/keyed/closed", headers={"X-Key": "right"}).status_code == 200
        assert client.get("/opened/closed").status_code == 200


def test_the_demo_token_opens_nothing_in_production():
    api = AutoAPI()
    api.add_router("", guarded_router())
    with serving(api=api):
        with override_settings(DEBUG=False):
            assert Client().get("/api/closed", headers=DEMO).status_code == 401
        with override_settings(DEBUG=False, NINJA_BOOST={"ALLOW_DEMO_AUTH": True}):
            assert Client().get("/api/closed", headers=DEMO).status_code == 200


# 3. An error is never inside {"ok": true}, on any path.


def failing_api() -> AutoAPI:
    router = AutoRouter(auth=None)

    def failing(name, view, **options):
        view.__name__ = name
        router.api_operation(["GET"], f"/{name}", **options)(view)
        if options.get("response") is None:

            async def async_view(request, ctx):
                return view(request, ctx)

            async_view.__name__ = f"async_{name}"
            router.api_operation(["GET"], f"/async-{name}", **options)(async_view)

    def raising(error):
        def view(request, ctx):
            raise error

        return view

    failing("http404", raising(Http404("No Secret matches")))
    failing("http403", raising(PermissionDenied("secret")))
    failing("http400", raising(HttpError(400, "Bad.")))
    failing("http409", raising(ApiError(409, "Taken.", code="taken")))
    failing("http429", raising(HttpError(429, "Slow down.")))
    failing("http500", raising(ZeroDivisionError("secret")))
    failing("status404", lambda request, ctx: Status(404, {"detail": "gone"}), response={404: dict})
    failing("status503", lambda request, ctx: Status(503, None), response={503: dict | None})

    @router.get("/auth", auth=Key())
    def auth(request, ctx):
        return {}

    @router.get("/http422")
    def http422(request, ctx, number: int):
        return {}

    @router.get("/throttled429", throttle=AnonRateThrottle("1/h"))
    def throttled(request, ctx):
        return {}

    plain = Router()

    @plain.get("/boom", auth=None)
    def boom(request):
        raise ZeroDivisionError("secret")

    api = AutoAPI()
    api.add_router("", router)
    api.add_router("/plain", plain)
    return api


@pytest.mark.parametrize("errors", ["envelope", "problem"])
def test_an_error_is_never_in_a_success_envelope(errors, settings):
    from django.core.cache import cache

    cache.clear()
    settings.NINJA_BOOST = {"ERRORS": errors}
    with serving(api=failing_api()):
        client = Client(raise_request_exception=False)
        client.get("/api/throttled429")
        paths = ["http404", "http403", "http400", "http409", "http429", "http500"]
        paths += [f"async-{path}" for path in paths]
        expected = {f"/api/{path}": int(path[-3:]) for path in paths}
        expected |= {
            "/api/status404": 404,
            "/api/status503": 503,
            "/api/auth": 401,
            "/api/http422": 422,
            "/api/http422?number=x": 422,
            "/api/throttled429": 429,
            "/api/plain/boom": 500,
        }
        answers = {path: client.get(path) for path in expected}
        answers["POST"], expected["POST"] = client.post("/api/http404"), 405
    for path, answer in answers.items():
        assert answer.status_code == expected[path], path
        body = answer.json()
        assert body.get("ok") is not True, path
        assert "secret" not in answer.content.decode().lower(), path
        if errors == "envelope":
            assert body["ok"] is False, path
            assert body["code"] == answer.status_code, path
            assert isinstance(body["error"], str), path
        else:
            assert answer["Content-Type"].startswith("application/problem+json"), path
            assert body["status"] == answer.status_code, path
            assert {"type", "title", "detail", "code", "instance"} <= body.keys(), path
    assert answers["/api/auth"]["WWW-Authenticate"]
    assert answers["POST"]["Allow"] == "GET"
    for path in ("/api/http429", "/api/throttled429"):
        assert int(answers[path]["Retry-After"]) >= 1


# 4. The OpenAPI document tells the truth.


class Window(Schema):
    page: int = 1


class Paged(Schema):
    items: list[Item]
    page: int


class Pages(Hook):
    order = Order.PAGINATION
    arguments = (Argument("window", Window, Query(...)),)

    def response_annotation(self, annotation, status):
        return Paged if status == 200 else annotation

    def after_view(self, call, result):
        return {"items": result, "page": call.arguments["window"].page}

    def document(self, docs):
        docs.error(409, "The page moved.")
        docs.header("Link", {"type": "string"}, status=200)
        docs.parameter("X-Shard", "header", {"type": "integer"}, description="Where to look.")


def documented_router(cls) -> Router:
    router = cls()

    @router.get("/items/{group}", response=list[Item])
    @attach(Pages())
    def items(request, ctx, group: int, q: str = ""):
        return [{"id": group, "name": q}]

    return router


@pytest.mark.parametrize("router_class", [AutoRouter, Router])
@pytest.mark.parametrize("api_class", [AutoAPI, NinjaAPI])
def test_the_document_tells_the_truth(api_class, router_class):
    api = api_class(urls_namespace=f"doc-{api_class.__name__}-{router_class.__name__}")
    api.add_router("", documented_router(router_class))
    with serving(api=api), override_settings(DEBUG=True):
        document = Client().get("/api/openapi.json").json()
        answer = Client().get("/api/items/3?page=2&q=x", headers=DEMO)
    assert answer.status_code == 200
    body = answer.json()
    page = body["data"] if api_class is AutoAPI else body
    assert page == {"items": [{"id": 3, "name": "x"}], "page": 2}

    operation = document["paths"]["/api/items/{group}"]["get"]
    assert "ctx" not in json.dumps(document)
    names = {(p["in"], p["name"]) for p in operation["parameters"]}
    assert names == {("path", "group"), ("query", "q"), ("query", "page"), ("header", "X-Shard")}
    responses = operation["responses"]
    assert "Link" in responses["200"]["headers"]
    assert "409" in responses
    schemas = document["components"]["schemas"]

    def resolve(schema):
        return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    schema = resolve(responses["200"]["content"]["application/json"]["schema"])
    if api_class is AutoAPI:
        assert set(schema["required"]) == {"ok", "data"}
        schema = resolve(schema["properties"]["data"])
        for status in ("401", "409", "422", "default"):
            error = resolve(responses[status]["content"]["application/json"]["schema"])
            assert {"ok", "error", "code"} == set(error["required"]), status
        assert operation["security"] == [{"BearerTokenAuth": []}]
    assert set(schema["properties"]) == {"items", "page"}


# 5. Compiled when registered or bound, never per request; an unused feature costs nothing.


def test_nothing_is_compiled_per_request(monkeypatch):
    from ninja.signature import ViewSignature

    from ninja_boost_core import operation as operation_module
    from ninja_boost_core.pipeline import Plan, Steps

    counts = {"plan": 0, "signature": 0, "steps": 0, "bind": 0}

    def counting(name, function):
        def counted(*args, **kwargs):
            counts[name] += 1
            return function(*args, **kwargs)

        return counted

    class Counted(Hook):
        def bind(self, operation):
            counts["bind"] += 1
            return self

        def before_view(self, call):
            return None

    router = AutoRouter(auth=None)

    @router.get("/x")
    @attach(Counted())
    def view(request, ctx):
        return {}

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        client = Client()
        assert client.get("/api/x").status_code == 200
        monkeypatch.setattr(Plan, "__init__", counting("plan", Plan.__init__))
        monkeypatch.setattr(
            ViewSignature, "__init__", counting("signature", ViewSignature.__init__)
        )
        monkeypatch.setattr(Steps, "of", counting("steps", Steps.of))
        monkeypatch.setattr(
            operation_module,
            "typed_signature",
            counting("signature", operation_module.typed_signature),
        )
        counts["bind"] = 0
        for _ in range(5):
            assert client.get("/api/x").status_code == 200
        assert counts == {"plan": 0, "signature": 0, "steps": 0, "bind": 0}
        with override_settings(NINJA_BOOST={"RESPONSE_WRAPPER": None}):
            assert client.get("/api/x").json() == {}
        assert counts["plan"] == 1


def test_an_unused_point_is_not_in_the_plan():
    router = AutoRouter(auth=None)

    @router.get("/x", inject=False)
    def view(request):
        return {}

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        ((_, operation),) = api.operations()
        plan = operation.plan()
    assert not any(getattr(plan.steps, point) for point in plan.steps.__slots__)
    assert plan.auth == ()
    assert plan.enter is None


# 6. Bad configuration is an error at start, never a silent fallback.


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"AUHT": "x.y"}, "AUTH"),
        ({"AUTH": "nowhere.to.be.found"}, "nowhere"),
        ({"AUTH": 3}, "AUTH"),
        ({"ERRORS": "json"}, "ERRORS"),
        ({"RESPONSE_WRAPPER": "ninja_boost_core.responses.nothing"}, "RESPONSE_WRAPPER"),
        ({"TRUSTED_PROXIES": ["300.1.1.1"]}, "TRUSTED_PROXIES"),
        ({"RATE_LIMIT": {"DEFAULT": "1/s"}}, "ninja-boost-rate-limiting"),
        ([], "dict"),
    ],
)
def test_bad_settings_are_check_errors_and_stop_requests(value, named):
    api = AutoAPI()
    api.add_router("", guarded_router())
    with serving(api=api), override_settings(NINJA_BOOST=value, DEBUG=True):
        messages = check_settings()
        assert [m.id for m in messages] == ["ninja_boost_core.E001"]
        assert named in f"{messages[0].msg} {messages[0].hint}"
        with pytest.raises(ImproperlyConfigured):
            Client().get("/api/closed", headers=DEMO)


def test_a_hook_that_cannot_be_bound_is_a_check_error():
    class Misconfigured(Hook):
        def bind(self, operation):
            raise ImproperlyConfigured("limit='fast' is no rate.")

    router = AutoRouter(auth=None)

    @router.get("/x")
    @attach(Misconfigured())
    def view(request, ctx):
        return {}

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        (message,) = [m for m in check_operations() if "limit='fast'" in m.msg]
        assert message.id == "ninja_boost_core.E002"
        assert "GET /api/x" in message.msg
        with pytest.raises(ImproperlyConfigured, match="fast"):
            Client().get("/api/x")


@pytest.mark.parametrize("how", [Router, lambda: AutoRouter(auth=None)])
def test_a_missing_library_is_a_check_error_with_the_command(how, monkeypatch):
    class Needy(Hook):
        def bind(self, operation):
            try:
                import colorsys  # noqa: F401
            except ImportError as error:
                raise MissingDependency("pip install colorsys") from error
            return self

    router = how()

    @router.get("/x")
    @attach(Needy())
    def view(request):
        return {}

    api = AutoAPI(auth=None)
    api.add_router("", router)
    with serving(api=api):
        with monkeypatch.context() as absent:
            absent.setitem(sys.modules, "colorsys", None)
            (message,) = run_checks(tags=["ninja_boost"])
            assert message.id == "ninja_boost_core.E002"
            assert message.msg == "GET /api/x: A library that this needs is not installed."
            assert message.hint == "pip install colorsys"
            with pytest.raises(ImportError, match="pip install colorsys"):
                Client().get("/api/x")
        assert run_checks(tags=["ninja_boost"]) == []
        assert Client().get("/api/x").status_code == 200


def test_an_unknown_option_suggests_the_right_one():
    router = AutoRouter()
    with pytest.raises(TypeError, match="Did you mean 'inject'"):
        router.get("/x", injects=False)
    with pytest.raises(TypeError, match="Did you mean 'response'"):
        router.post("/x", respone=Item)
    with pytest.raises(TypeError, match="belongs to ninja-boost-pagination, which is not"):
        router.get("/x", paginate=False)
    with pytest.raises(TypeError, match="Did you mean 'tags'"):
        AutoRouter(tag=["x"])


def test_no_exception_is_swallowed():
    for module in Path(ninja_boost_core.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.ExceptHandler):
                only = [n for n in node.body if isinstance(n, ast.Pass | ast.Continue)]
                broad = node.type is None or (
                    isinstance(node.type, ast.Name)
                    and node.type.id in ("Exception", "BaseException")
                )
                assert not (broad and len(only) == len(node.body)), (module.name, node.lineno)


# 7. A failing backend does what its setting says; core's part is that a hook decides, and that
#    the decision is what the client sees, at every point and on every later hook.


class Backend(Hook):
    """A hook whose store fails, with the decision of its setting."""

    def __init__(self, point, on_error):
        self.point, self.on_error = point, on_error

    def fail(self):
        try:
            raise ConnectionError("redis at 10.0.0.1 is away")
        except ConnectionError as error:
            if self.on_error == "closed":
                raise ApiError(503, "Try again later.", headers={"Retry-After": "5"}) from error

    def before_auth(self, call):
        if self.point == "before_auth":
            self.fail()

    def before_view(self, call):
        if self.point == "before_view":
            self.fail()

    def on_response(self, call):
        if self.point == "on_response":
            self.fail()


@pytest.mark.parametrize(
    ("point", "on_error"),
    [*itertools.product(["before_auth", "before_view", "on_response"], ["open", "closed"])],
)
@pytest.mark.parametrize("is_async", [True, False])
async def test_a_failing_backend_does_what_its_setting_says(point, on_error, is_async):
    seen = []

    class Later(Hook):
        order = Order.OBSERVE

        def on_response(self, call):
            seen.append(call.response.status_code)

    router = AutoRouter(auth=None)
    hooks = attach(Later(), Backend(point, on_error))
    if is_async:

        @router.get("/x")
        @hooks
        async def view(request, ctx):
            return {}
    else:

        @router.get("/x")
        @hooks
        def view(request, ctx):
            return {}

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        answer = await AsyncClient().get("/api/x")
    if on_error == "open":
        assert answer.status_code == 200
    else:
        assert answer.status_code == 503
        assert answer["Retry-After"] == "5"
        assert "redis" not in answer.content.decode()
        assert answer.json()["ok"] is False
    assert seen == [answer.status_code]
