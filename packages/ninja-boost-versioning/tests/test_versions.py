"""Versions: which is asked for, and what its clients see."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Annotated

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import AsyncClient, Client
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st
from ninja import Form, NinjaAPI, Schema
from ninja.renderers import BaseRenderer
from pydantic import Field, RootModel

from ninja_boost_core import AutoAPI
from ninja_boost_core.callables import drive
from ninja_boost_versioning import VersionChange, VersionedRouter, require_version, versioned_api
from ninja_boost_versioning.changes import Lineage
from ninja_boost_versioning.walking import request_converter, response_converter

from .urls import (
    ADA,
    CHANGES,
    VERSIONS,
    Address,
    AddressV1,
    Order,
    Person,
    PersonV2,
    apis,
    auto,
    by_ninja,
)

V2 = {"name": "Ada Byron", "address": {"street": "Square 1", "city": "London"}}
V1 = {"name": "Ada Byron", "address": {"line": "Square 1, London"}}
SHAPES = {"v1": V1, "v2": V2, "v3": ADA}


def wsgi(method, url, body=None, **headers):
    return Client(raise_request_exception=False).generic(
        method, url, _json(body), "application/json", headers=headers
    )


def asgi(method, url, body=None, **headers):
    sending = AsyncClient(raise_request_exception=False).generic(
        method, url, _json(body), "application/json", headers=headers
    )
    return asyncio.run(sending)


def _json(body):
    return "" if body is None else json.dumps(body)


both = pytest.mark.parametrize("send", [wsgi, asgi])
each = pytest.mark.parametrize("version", VERSIONS)


def ways(path, version):
    """The same operation by URL, on a plain router, by header and by query; enveloped or not."""
    yield f"/api/{version}{path}", {}, True
    yield f"/api/{version}/plain{path}", {}, True
    yield f"/auto{path}", {"X-API-Version": version}, True
    yield f"/ninja/versioned{path}?v={version}", {}, False


def data_of(response, enveloped):
    body = response.json()
    if enveloped:
        assert body["ok"] is True
        return body["data"]
    return body


@both
@each
def test_a_response_has_the_shape_of_its_version(send, version):
    shape = SHAPES[version]
    for url, headers, enveloped in ways("/people", version):
        response = send("GET", url, **headers)
        assert data_of(response, enveloped) == [shape], url
        assert response["X-API-Version"] == version
    for url, headers, enveloped in ways("/orders/7", version):
        response = send("GET", url, **headers)
        expected = {"number": 7, "buyer": shape, "others": {"x": shape}}
        assert data_of(response, enveloped) == expected, url


@both
@each
def test_a_request_may_have_the_shape_of_its_version(send, version):
    shape = SHAPES[version]
    for url, headers, enveloped in ways("/people", version):
        response = send("POST", url, shape, **headers)
        assert response.status_code == 201, response.content
        assert data_of(response, enveloped) == shape
    for url, headers, enveloped in ways("/twins", version):
        response = send("POST", url, {"a": shape, "b": shape}, **headers)
        assert data_of(response, enveloped) == [shape, shape]


@both
def test_a_validation_error_speaks_the_client_s_version(send):
    body = {"name": "Ada Byron", "address": {"street": "Square 1", "city": "London"}}
    response = send("POST", "/api/v1/people", body)
    assert response.status_code == 422
    assert response["X-API-Version"] == "v1"
    details = response.json()["details"]
    assert [item["loc"] for item in details] == [["body", "payload", "address", "line"]]
    assert send("POST", "/api/v1/people", ADA).status_code == 422
    response = send("POST", "/ninja/versioned/twins?v=v2", {"a": V2, "b": ADA})
    assert response.status_code == 422
    assert [item["loc"] for item in response.json()["detail"]] == [["body", "b", "name"]]


@both
def test_what_is_no_json_is_for_ninja_to_refuse(send):
    response = Client().post("/api/v1/people", "{", content_type="application/json")
    assert response.status_code == 400
    assert send("POST", "/api/v1/people").status_code == 422
    assert send("POST", "/api/v1/people", [1]).status_code == 422


@both
def test_the_view_knows_the_version(send):
    response = send("GET", "/api/v2/version")
    assert response.json()["data"] == {"ctx": "v2", "request": "v2"}


@both
def test_errors_and_unknown_paths_of_a_versioned_api_name_the_version(send):
    assert send("GET", "/api/v2/fails")["X-API-Version"] == "v2"
    refused = send("DELETE", "/api/v2/people")
    assert (refused.status_code, refused["X-API-Version"]) == (405, "v2")


@both
@pytest.mark.parametrize("root", ["/auto", "/ninja"])
@pytest.mark.parametrize(
    ("path", "good", "bad", "vary"),
    [
        ("header", {"X-API-Version": "2.0"}, {"X-API-Version": "9"}, "X-API-Version"),
        ("accept", {"Accept": 'text/html, application/json; version="2.0"'}, None, "Accept"),
        ("accept", {"Accept": "application/json;version=2.0"}, {"Accept": "a/b; version=3"}, None),
        ("query?version=2.0", {}, None, None),
    ],
)
def test_the_strategies(send, root, path, good, bad, vary):
    response = send("GET", f"{root}/routes/{path}", **good)
    assert response.status_code == 200, response.content
    assert response["X-API-Version"] == "2.0"
    assert "2.0" in response.content.decode()
    if vary:
        assert vary in response["Vary"]
    if bad is not None:
        refused = send("GET", f"{root}/routes/{path}", **bad)
        assert refused.status_code == 400
        assert "2.0" in refused.content.decode()
        assert (vary or "Accept") in refused["Vary"]
        assert "X-API-Version" not in refused


@both
@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "Name the API version (query version). Known: 1.0, 2.0."),
        ("?version=3", "Unknown API version '3'. Known: 1.0, 2.0."),
        ("?version=", "Unknown API version ''. Known: 1.0, 2.0."),
        ("?version=1.0&version=2.0", "More than one API version (query version). Known: 1.0, 2.0."),
    ],
)
def test_an_unknown_version_is_a_400_that_lists_the_known(send, query, text):
    response = send("GET", f"/auto/routes/query{query}")
    assert response.status_code == 400
    assert response.json()["error"] == text
    assert response.json()["details"] == {"versions": ["1.0", "2.0"]}
    assert send("GET", f"/ninja/routes/query{query}").json()["detail"] == text


def test_a_default_serves_those_who_name_none():
    assert wsgi("GET", "/auto/people").json()["data"] == [V1]
    assert wsgi("GET", "/ninja/routes/accept").json() == "1.0"
    assert wsgi("GET", "/ninja/versioned/people").status_code == 400


def test_a_finer_version_below_one_of_the_url():
    assert wsgi("GET", "/api/v3/finer/").status_code == 400
    response = wsgi("GET", "/api/v3/finer/", **{"X-Minor": "3.1"})
    assert (response.json()["data"], response["X-Minor"]) == ("3.1", "3.1")


def test_the_header_of_the_settings(settings):
    settings.NINJA_BOOST = {"VERSIONING": {"HEADER": "Api-Version"}}
    response = wsgi("GET", "/auto/people", **{"Api-Version": "v3"})
    assert response.json()["data"] == [ADA]
    assert response["Api-Version"] == "v3"
    assert wsgi("GET", "/api/v2/people")["Api-Version"] == "v2"


@pytest.mark.parametrize(
    ("wrapper", "find"),
    [
        (lambda data: {"result": {"items": data}}, lambda body: body["result"]["items"]),
        (None, lambda body: body),
    ],
)
def test_other_envelopes(settings, wrapper, find):
    settings.NINJA_BOOST = {"RESPONSE_WRAPPER": wrapper}
    assert find(wsgi("GET", "/api/v1/people").json()) == [V1]


def test_an_envelope_that_hides_the_data_is_an_error(settings):
    settings.NINJA_BOOST = {"RESPONSE_WRAPPER": lambda data: {"text": json.dumps(data)}}
    with pytest.raises(ImproperlyConfigured, match="RESPONSE_WRAPPER hides"):
        Client().get("/api/v1/people")


def components(api):
    return api.get_openapi_schema(path_prefix="")["components"]["schemas"]


def test_the_document_of_each_version_has_its_own_schemas_alone():
    found = {version: components(api) for version, api in apis.items()}
    assert {*found["v3"]["Person"]["properties"]} == {"first", "last", "address"}
    for version in ("v1", "v2"):
        assert {*found[version]["Person"]["properties"]} == {"name", "address"}
        assert not {"PersonV2", "AddressV1"} & {*found[version]}
        assert "first" not in json.dumps(found[version])
    assert {*found["v1"]["Address"]["properties"]} == {"line"}
    assert "street" not in json.dumps(found["v1"])
    assert {*found["v2"]["Address"]["properties"]} == {"street", "city"}
    for version, api in apis.items():
        document = api.get_openapi_schema(path_prefix="")
        assert document["info"]["version"] == version
        references = set(_references(document))
        assert references == {f"#/components/schemas/{name}" for name in found[version]}


class Fare(Schema):
    amount: Decimal
    currency: str = "EUR"


class Price(Schema):
    fares: list[Fare]


class PriceV1(Schema):
    total: Decimal
    fare: Fare | None = None


class Request(Schema):
    seats: int
    row: int | None = None


class RequestV1(Schema):
    count: int = 1
    row: int | None = None


def test_an_older_schema_is_documented_as_it_is_sent_or_as_it_is_read():
    changed = versioned_api(
        ["v1", "v2"],
        changes=[
            VersionChange("v2", newer=Price, older=PriceV1, downgrade=lambda data: {"total": 1}),
            VersionChange("v2", newer=Request, older=RequestV1, upgrade=lambda data: {"seats": 1}),
        ],
        urls_namespace="older",
        auth=None,
    )

    def price(request, payload: Request):
        return {"fares": []}

    for api in changed.values():
        api.post("/price", response=Price)(price)
    found = components(changed["v1"])
    assert found["Price"]["required"] == ["total", "fare"]
    assert found["Price"]["properties"]["total"]["type"] == "string"
    assert found["Fare"]["required"] == ["amount", "currency"]
    assert "required" not in found["Request"]
    assert not [name for name in found if "V1" in name]


def _references(value):
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            yield from _references(item)
    if isinstance(value, dict) and "$ref" in value:
        yield value["$ref"]


@pytest.mark.parametrize(("api", "prefix"), [(auto, ""), (by_ninja, "")])
def test_the_document_tells_parameters_headers_and_errors(api, prefix):
    paths = api.get_openapi_schema(path_prefix=prefix)["paths"]
    header = paths["/routes/header"]["get"]
    parameter = next(each for each in header["parameters"] if each["name"] == "X-API-Version")
    assert parameter["in"] == "header"
    assert parameter["required"] is True
    assert parameter["schema"]["enum"] == ["2.0"]
    assert 400 in header["responses"]
    assert "X-API-Version" in header["responses"][200]["headers"]
    query = paths["/routes/query"]["get"]["parameters"]
    assert [each["schema"]["enum"] for each in query] == [["1.0", "2.0"]]


def test_a_change_that_cannot_be_followed_is_an_error():
    versions = ["v1", "v2"]
    change = VersionChange("v2", newer=Address, older=AddressV1)

    class Other(Schema):
        x: int

    for annotation in (Address | Other, tuple[Address, Other], list[Address | Other]):
        with pytest.raises(ImproperlyConfigured, match="do not tell where"):
            response_converter(Lineage(versions, [change]), annotation, "v1", {})
    with pytest.raises(ImproperlyConfigured, match="needs downgrade="):
        response_converter(Lineage(versions, [change]), Address, "v1", {})
    with pytest.raises(ImproperlyConfigured, match="needs upgrade="):
        request_converter(Lineage(versions, [change]), Address, "v1")


@pytest.mark.parametrize(
    ("versions", "changes", "text"),
    [
        ([], [], "oldest first"),
        ("v1", [], "oldest first"),
        (["v1", "v1"], [], "oldest first"),
        (["v 1"], [], "no header"),
        (["v1\r\nX: y"], [], "no header"),
        (["v1", "v2"], [VersionChange("v1", Person, PersonV2)], "oldest version"),
        (["v1", "v2"], [VersionChange("v9", Person, PersonV2)], "oldest version"),
        (["v1", "v2"], [VersionChange("v2", Person, Person)], "must be older"),
        (
            ["v1", "v2"],
            [VersionChange("v2", Person, PersonV2), VersionChange("v2", Person, AddressV1)],
            "Two changes",
        ),
        (
            ["v1", "v2"],
            [VersionChange("v2", Person, PersonV2), VersionChange("v2", Address, AddressV1)],
            "PersonV2 contains Address, which was AddressV1",
        ),
        (
            ["v1", "v2", "v3"],
            [VersionChange("v2", Person, PersonV2), VersionChange("v3", PersonV2, AddressV1)],
            "must be older",
        ),
    ],
)
def test_versions_and_changes_that_do_not_fit(versions, changes, text):
    with pytest.raises(ValueError, match=text):
        Lineage(versions, changes)


def test_arguments_that_make_no_sense():
    with pytest.raises(ValueError, match="Give one of"):
        require_version("1", header="X", query="v")
    with pytest.raises(ValueError, match="no name of a header"):
        require_version("1", header="X: y")
    with pytest.raises(ValueError, match="default="):
        VersionedRouter(["1"], default="2")


def test_a_router_for_other_versions_cannot_be_mounted():
    router = VersionedRouter(["v1"], auth=None)

    @router.get("/x")
    def x(request):
        return 1

    api = versioned_api(["v1", "v2"], auth=None, urls_namespace="other")["v2"]
    api.add_router("", router)
    _, operation = next(iter(api.operations()))
    with pytest.raises(ImproperlyConfigured, match="is mounted on the API of version v2"):
        operation.plan()


words = st.text("abcdefgh", min_size=1)
addresses = st.none() | st.fixed_dictionaries({"street": words, "city": words})
people = st.fixed_dictionaries({"first": words, "last": words, "address": addresses})
orders = st.fixed_dictionaries(
    {"number": st.integers(), "buyer": people, "others": st.dictionaries(words, people)}
)


@given(orders, st.sampled_from(VERSIONS))
def test_down_and_up_again_is_the_way_one_came(order, version):
    lineage = Lineage(VERSIONS, CHANGES)
    down = response_converter(lineage, Order, version, {})
    up = request_converter(lineage, Order, version)
    if version == "v3":
        assert down is up is None
        return
    older = down(order, ())
    assert "first" not in older["buyer"]
    assert up(older, ("body",)) == order


class Tree(Schema):
    label: str
    children: list[Tree] = Field(default=[])


class TreeV1(Schema):
    name: str
    children: list[TreeV1] = Field(default=[])


def test_a_schema_that_contains_itself():
    change = VersionChange(
        "v2",
        newer=Tree,
        older=TreeV1,
        upgrade=lambda body: {"label": body["name"], "children": body.get("children", [])},
        downgrade=lambda data: {"name": data["label"], "children": data["children"]},
    )
    lineage = Lineage(["v1", "v2"], [change])
    tree = {"label": "a", "children": [{"label": "b", "children": []}]}
    older = {"name": "a", "children": [{"name": "b", "children": []}]}
    assert response_converter(lineage, Tree, "v1", {})(tree, ()) == older
    assert request_converter(lineage, Tree, "v1")(older, ()) == tree

    api = versioned_api(["v1", "v2"], changes=[change], auth=None, urls_namespace="tree")["v1"]

    @api.post("/tree", response=Tree)
    def echo(request, tree: Tree):
        return tree

    document = api.get_openapi_schema(path_prefix="")
    schemas = document["components"]["schemas"]
    assert "label" not in json.dumps(document)
    assert all("name" in s["properties"] for key, s in schemas.items() if key.startswith("Tree"))


def test_an_own_response_of_the_view_is_converted_too(rf):
    from django.http import HttpResponse, JsonResponse

    api = versioned_api(VERSIONS, changes=CHANGES, auth=None, urls_namespace="own")["v1"]

    @api.get("/json", response=Person)
    def as_json(request):
        return JsonResponse(ADA, headers={"Content-Length": "1"})

    @api.get("/text", response=Person)
    def as_text(request):
        return HttpResponse("Ada", content_type="text/plain")

    found = dict(api.operations())
    response = found["/json"].run(rf.get("/json"))
    assert json.loads(response.content) == V1
    assert response["Content-Length"] == str(len(response.content))
    assert found["/text"].run(rf.get("/text")).content == b"Ada"


def test_a_stored_response_is_converted_for_each_version(rf):
    """A cache inside keeps the newest shape; its tag names that, so it is not for the others."""
    from django.http import JsonResponse

    from ninja_boost_core import Hook, attach
    from ninja_boost_core import Order as Place

    class Stored(Hook):
        order = Place.CACHE

        def before_view(self, call):
            return JsonResponse({"ok": True, "data": ADA}, headers={"ETag": '"1"'})

    router = VersionedRouter(VERSIONS, changes=CHANGES, auth=None)

    @router.get("/x", response=Person)
    @attach(Stored())
    def x(request):
        raise AssertionError

    api = AutoAPI(auth=None, urls_namespace="stored")
    api.add_router("", router)
    _, operation = next(iter(api.operations()))
    for version, shape in SHAPES.items():
        response = operation.run(rf.get("/x", headers={"X-API-Version": version}))
        assert json.loads(response.content)["data"] == shape
        assert ("ETag" in response) is (version == "v3")


def mounted(router, name):
    api = AutoAPI(auth=None, urls_namespace=name)
    api.add_router("", router)
    return next(operation for _, operation in api.operations())


def test_forms_cannot_follow_a_change():
    router = VersionedRouter(VERSIONS, changes=CHANGES, auth=None)

    @router.post("/x")
    def x(request, person: Person, note: Form[str]):
        return 1

    with pytest.raises(ImproperlyConfigured, match="x: a form"):
        mounted(router, "forms").plan()


def test_an_api_without_json_cannot_follow_a_change():
    class Text(BaseRenderer):
        media_type = "text/plain"

        def render(self, request, data, *, response_status):
            return str(data)

    router = VersionedRouter(VERSIONS, changes=CHANGES, auth=None)

    @router.get("/x", response=Person)
    def x(request):
        return ADA

    api = NinjaAPI(renderer=Text(), urls_namespace="text")
    api.add_router("", router)
    with pytest.raises(ImproperlyConfigured, match="x: changes need a JSON renderer"):
        _bound(api, x).plan()


def _bound(api, view):
    bound = getattr(api, "_get_bound_routers", None)
    routers = bound() if bound else [router for _, router in api._routers]
    found = [o for r in routers for p in r.path_operations.values() for o in p.operations]
    return next(o for o in found if o.view_func.__name__ == view.__name__)


@both
def test_a_change_that_fails_never_sends_the_newer_shape(send, settings):
    def fail(data):
        raise KeyError("name")

    change = VersionChange("v2", newer=Person, older=PersonV2, upgrade=fail, downgrade=fail)
    router = VersionedRouter(["v1", "v2"], changes=[change], auth=None)

    @router.get("/x", response=Person)
    def x(request):
        return ADA

    api = AutoAPI(auth=None, urls_namespace="failing")
    api.add_router("", router)
    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": [path("f/", api.urls)]})
    response = send("GET", "/f/x", **{"X-API-Version": "v1"})
    assert response.status_code == 500
    assert b"Ada" not in response.content
    assert send("GET", "/f/x", **{"X-API-Version": "v2"}).status_code == 200


def test_the_body_is_read_only_after_authentication(rf):
    api = versioned_api(VERSIONS, changes=CHANGES, auth=lambda request: None)["v1"]

    @api.post("/x")
    def x(request, payload: Person):
        raise AssertionError

    request = rf.post("/x", "{}", "application/json")
    _, operation = next(iter(api.operations()))
    response = operation.run(request)
    assert (response.status_code, response["X-API-Version"]) == (401, "v1")
    assert not hasattr(request, "_body")


def test_an_async_operation_needs_no_thread(rf):
    for api in (apis["v1"], auto):
        for name, values in (("order", {"number": 7}), ("alegacy", {})):
            operations = [o for _, o in api.operations() if o.view_func.__name__ == name]
            for operation in operations:
                # It would suspend to wait for a thread, and fail here.
                response = drive(operation.run(rf.get("/"), **values))
                assert response.status_code in (200, 409)


def test_where_a_schema_may_stand():
    class New(Schema):
        full: int = Field(alias="fullValue")

    class Old(Schema):
        half: int

    change = VersionChange(
        "v2",
        newer=New,
        older=Old,
        upgrade=lambda body: {"fullValue": 2 * body["half"]},
        downgrade=lambda data: {"half": data["full"] // 2},
    )
    lineage = Lineage(["v1", "v2"], [change])
    for annotation, new, old in (
        (dict[str, New], {"a": {"full": 4}}, {"a": {"half": 2}}),
        (list[New] | None, None, None),
        (list[New | None], [None, {"full": 4}], [None, {"half": 2}]),
        (RootModel[list[New]], [{"full": 4}], [{"half": 2}]),
        (Annotated[New, "x"], {"full": 4}, {"half": 2}),
        (New, "no object", "no object"),
        (list[New], {"no": "list"}, {"no": "list"}),
        (dict[str, New], ["no", "object"], ["no", "object"]),
    ):
        assert response_converter(lineage, annotation, "v1", {})(new, ()) == old
    assert request_converter(lineage, New, "v1")({"half": 2}, ()) == {"fullValue": 4}


class Names(Schema):
    first: str


class Parted(Schema):
    names: Names


class Plain(Schema):
    name: str


def test_a_schema_that_only_the_newer_has_is_not_in_the_older_document():
    change = VersionChange("v2", newer=Parted, older=Plain, downgrade=lambda data: data)
    pair = versioned_api(["v1", "v2"], changes=[change], auth=None, urls_namespace="parted")
    for api in pair.values():
        api.get("/x", response=Parted)(lambda request: None)
    assert {"Names", "Parted"} <= {*components(pair["v2"])}
    assert "Names" not in components(pair["v1"])
    assert [*components(pair["v1"])["Parted"]["properties"]] == ["name"]


@both
def test_a_versioned_router_on_a_versioned_api_converts_once(send, settings):
    router = VersionedRouter(VERSIONS, changes=CHANGES)

    @router.post("/x", response=Person)
    def x(request, payload: Person):
        return payload

    api = versioned_api(VERSIONS, changes=CHANGES, auth=None, urls_namespace="once")["v1"]
    api.add_router("", router)
    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": [path("once/", api.urls)]})
    response = send("POST", "/once/x", V1)
    assert response.json() == {"ok": True, "data": V1}
