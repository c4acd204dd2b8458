"""Everything that plain Ninja does, our classes do alike: the same views, answers side by side."""

import functools
from uuid import UUID

import ninja
import pytest
from django.test import Client
from django.urls import reverse
from ninja import NinjaAPI, Router
from ninja.decorators import decorate_view

from ninja_boost_core import AutoAPI, AutoRouter

from . import annotated_views
from .parity import (
    CASES,
    NEEDS_MOUNTS,
    SETUPS,
    Answer,
    Req,
    Setup,
    Status,
    as_async,
    get,
    run,
    run_plain,
)
from .parity_cases import Item, QueryKey, tuple_results
from .support import serving


def pytest_generate_tests(metafunc):
    if "case_index" in metafunc.fixturenames:
        metafunc.parametrize(
            ("case_index", "kind", "setup"),
            [
                pytest.param(
                    index,
                    kind,
                    setup,
                    id=f"{tested.build.__name__}-{kind}-{setup.name.replace(', ', '-')}",
                    marks=[pytest.mark.skipif(bool(tested.skip), reason=str(tested.skip))],
                )
                for index, tested in enumerate(CASES)
                for kind in tested.kinds
                for setup in SETUPS
            ],
        )


def test_ours_answers_as_ninja_does(case_index, kind, setup):
    tested = CASES[case_index]
    plain, ours = run_plain(case_index, kind), run(setup, tested, kind)
    for client, answers in plain.answers.items():
        for request, theirs, mine in zip(
            tested.requests, answers, ours.answers[client], strict=True
        ):
            assert_alike(theirs, mine, request, setup)
    assert ours.warnings == plain.warnings
    assert ours.urls == plain.urls
    if ours.document is not None:
        assert ours.document == plain.document


def assert_alike(plain: Answer, ours: Answer, request: Req, setup: Setup) -> None:
    assert ours.status == plain.status, (request, ours.body)
    assert ours.cookies == plain.cookies
    assert ours.streaming == plain.streaming
    is_empty = not plain.body and request.method != "head"
    if not setup.enveloped or request.own or plain.streaming or is_empty:
        assert_same_body(plain, ours)
        return
    expected = without_body_headers(plain.headers)
    if request.method == "head":
        assert ours.body == b""
        assert without_body_headers(ours.headers) == expected
        return
    if ours.status >= 400:
        assert expected.items() <= ours.headers.items()
        body = ours.json()
        assert (body["ok"], body["code"]) == (False, ours.status)
        return
    assert without_body_headers(ours.headers) == expected
    assert ours.headers["content-type"] == plain.headers["content-type"]
    assert ours.json() == {"ok": True, "data": plain.json()}


def assert_same_body(plain: Answer, ours: Answer) -> None:
    if ours.body != plain.body:
        # The same JSON, in other bytes.
        assert ours.headers["content-type"].startswith("application/json")
        assert ours.json() == plain.json()
    assert without_length(ours.headers) == without_length(plain.headers)


def without_length(headers):
    return {k: v for k, v in headers.items() if k != "content-length"}


def without_body_headers(headers):
    return {k: v for k, v in headers.items() if k not in ("content-length", "content-type")}


def test_a_deprecated_tuple_warns_as_in_ninja():
    index = next(i for i, tested in enumerate(CASES) if tested.build is tuple_results)
    warned = run(SETUPS[1], CASES[index], "sync")
    texts = [text for text in warned.warnings if "tuple" in text]
    assert bool(texts) == (Status is not None)
    assert all(text.startswith("DeprecationWarning") for text in texts)


@pytest.mark.skipif(bool(NEEDS_MOUNTS), reason=str(NEEDS_MOUNTS))
def test_one_router_serves_several_apis():
    router = AutoRouter()

    @router.get("/where", response=Item)
    def where(request, ctx):
        return {"name": request.resolver_match.namespace, "note": ctx["user"]}

    apis = {
        "auto": AutoAPI(urls_namespace="auto", auth=None),
        "plain": NinjaAPI(urls_namespace="plain", auth=None),
        "closed": NinjaAPI(urls_namespace="closed", auth=QueryKey("k")),
    }
    for api in apis.values():
        api.add_router("/r", router, auth=None if api.auth is None else ninja.constants.NOT_SET)
    with serving(**apis):
        client = Client()
        answers = {name: client.get(f"/{name}/r/where") for name in apis}
        assert reverse("plain:where") == "/plain/r/where"
        closed = client.get("/closed/r/where?key=k").json()
        assert (closed["name"], closed["note"]) == ("closed", "k")
    assert {name: response.status_code for name, response in answers.items()} == {
        "auto": 200,
        "plain": 200,
        "closed": 401,
    }
    assert answers["auto"].json()["data"]["name"] == "auto"
    assert answers["plain"].json()["name"] == "plain"


def test_an_auto_router_as_the_default_router():
    api = AutoAPI(auth=None, default_router=AutoRouter(tags=["t"]))

    @api.get("/view")
    def view(request, ctx, n: int):
        return [sorted(ctx), n]

    with serving(api=api):
        data = Client().get("/api/view?n=3").json()["data"]
        operation = api.get_openapi_schema()["paths"]["/api/view"]["get"]
    assert data == [["ip", "services", "trace_id", "user"], 3]
    assert operation["tags"] == ["t"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["n"]


def test_urls_reverse_by_ninjas_names():
    api = AutoAPI(auth=None, version="2")
    router = AutoRouter()

    @router.get("/items/{int:number}/{uuid:key}")
    def show_item(request, number: int, key: UUID):
        return None

    @router.post("/items", url_name="create")
    def new(request):
        return None

    api.add_router("/r", router)
    key = UUID(int=3)
    with serving(api=api):
        assert reverse("api-2:api-root") == "/api/"
        assert reverse("api-2:create") == "/api/r/items"
        found = reverse("api-2:show_item", kwargs={"number": 1, "key": key})
        assert Client().get(found).status_code == 200
    assert found == f"/api/r/items/1/{key}"


@pytest.mark.parametrize("api_class", [AutoAPI, NinjaAPI])
def test_string_annotations_below_a_decorator_of_another_module(api_class):
    """Plain Ninja looks for the names in the decorator's module, and fails."""

    def passing(view):
        @functools.wraps(view)
        def wrapper(request, *args, **kwargs):
            return view(request, *args, **kwargs)

        return wrapper

    api, router = api_class(auth=None), AutoRouter(auth=None)
    router.get("/show/{number}")(as_async(annotated_views.show))
    router.post("/change", response=dict)(passing(annotated_views.change))
    api.add_router("", router)
    with serving(api=api):
        shown = Client().get(f"/api/show/{UUID(int=1)}?text=a")
        changed = Client().post("/api/change", {"seat": "2B"}, "application/json")
        invalid = Client().post("/api/change", {}, "application/json")
    assert [shown.status_code, changed.status_code, invalid.status_code] == [200, 200, 422]
    assert changed["X-Seat"] == "2B"


def test_any_callable_is_a_view_of_an_auto_router():
    """Ninja asks for a name, and for room for an attribute; these have neither."""

    class Views:
        def show(self, request, n: int):
            return ["method", n]

        async def show_async(self, request, n: int):
            return ["async method", n]

        def __call__(self, request, n: int):
            return ["object", n]

    def function(request, n: int, kind: str):
        return [kind, n]

    api, router = AutoAPI(auth=None), AutoRouter()
    router.get("/method")(Views().show)
    router.get("/async_method")(Views().show_async)
    router.get("/object")(Views())
    router.get("/partial")(functools.partial(function, kind="partial"))
    api.add_router("", router)
    with serving(api=api):
        answers = [
            Client().get(f"/api/{name}?n=1").json()["data"]
            for name in ("method", "async_method", "object", "partial")
        ]
        assert reverse("api-1.0.0:show") == "/api/method"
        ids = {
            item["get"]["operationId"].rpartition("_")[2]
            for item in api.get_openapi_schema()["paths"].values()
        }
    assert answers == [["method", 1], ["async method", 1], ["object", 1], ["partial", 1]]
    assert {"show", "async", "Views", "function"} == ids


def test_the_operation_is_on_the_view_as_ninja_leaves_it():
    router = AutoRouter()

    @router.get("/x")
    def view(request):
        return None

    assert view._ninja_operation is router.path_operations["/x"].operations[0]


@pytest.mark.parametrize("router_class", [Router, AutoRouter])
@pytest.mark.parametrize("schema_first", [False, True], ids=["urls first", "schema first"])
def test_a_decorator_around_a_view_runs_once_whatever_is_asked_first(router_class, schema_first):
    """Ninja 1.5 keeps no note of these decorators, and binds a router's own operations."""
    api, router = AutoAPI(auth=None), router_class()
    calls = []

    def counting(name):
        def decorator(view):
            @functools.wraps(view)
            def wrapper(request, *args, **kwargs):
                calls.append(name)
                return view(request, *args, **kwargs)

            return wrapper

        return decorator

    @router.get("/{number}")
    @decorate_view(counting("decorate_view"))
    def view(request, number: int):
        return number

    @api.get("/on/api/{number}")
    @decorate_view(counting("api decorate_view"))
    def on_api(request, number: int):
        return number

    router.add_decorator(counting("view mode"), mode="view")
    router.add_decorator(counting("operation mode"))
    api.add_decorator(counting("api"), mode="view")
    api.add_router("", router)
    if schema_first:
        api.get_openapi_schema(path_prefix="")
        list(api.operations())
    with serving(api=api):
        assert Client().get("/api/7").json() == {"ok": True, "data": 7}
        on_router = sorted(calls)
        calls.clear()
        assert Client().get("/api/on/api/8").json() == {"ok": True, "data": 8}
    assert on_router == ["api", "decorate_view", "operation mode", "view mode"]
    assert sorted(calls) == ["api", "api decorate_view"]


def test_the_comparison_finds_a_difference():
    plain = Answer(200, {"content-type": "application/json"}, "", b"[1]", False)
    envelope = Setup("", AutoAPI, AutoRouter, enveloped=True)
    bare = Setup("", AutoAPI, AutoRouter)
    wrapped = Answer(200, plain.headers, "", b'{"ok": true, "data": [1]}', False)
    assert_alike(plain, wrapped, get("/"), envelope)
    wrong = [
        (wrapped, bare),
        (plain, envelope),
        (Answer(201, plain.headers, "", wrapped.body, False), envelope),
        (Answer(200, {**plain.headers, "x-more": "1"}, "", wrapped.body, False), envelope),
        (Answer(200, plain.headers, "Set-Cookie: a=b", wrapped.body, False), envelope),
    ]
    for answer_of_ours, setup in wrong:
        with pytest.raises(AssertionError):
            assert_alike(plain, answer_of_ours, get("/"), setup)
    with pytest.raises(AssertionError):
        assert_alike(plain, wrapped, get("/", own=True), envelope)
