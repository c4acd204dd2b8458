"""The OpenAPI document of an AutoAPI, beyond what the invariants check."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import pytest
from django.test import Client, override_settings
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import VERSION, Field
from typing_extensions import TypedDict

from ninja_boost_core import AutoAPI, AutoRouter

from .parity import NEEDS_MOUNTS
from .support import DEMO, serving

pytestmark = pytest.mark.django_db
T = TypeVar("T")
PYDANTIC = tuple(int(part) for part in VERSION.split(".")[:2])


class Item(Schema):
    id: int
    name: str | None
    tags: list[str]


def document_of(api: AutoAPI, **settings: Any) -> dict[str, Any]:
    with serving(api=api), override_settings(NINJA_BOOST=settings):
        return Client().get("/api/openapi.json").json()


def schema_of(document, path, status="200", method="get"):
    response = document["paths"][path][method]["responses"][status]
    (content,) = response["content"].values()
    return resolved(document, content["schema"])


def resolved(document, schema):
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def jsonapi_envelope(data):
    return {
        "data": data,
        "meta": {"version": "1.0", "page": 3, "live": True},
        "links": [],
        "x": None,
    }


def peeking_envelope(data):
    return {"first": data["items"][0]}


def items_api(**options):
    router = AutoRouter(auth=None)

    @router.get("/items", response=list[Item], **options)
    def items(request, ctx):
        return [{"id": 1, "name": None, "tags": []}]

    api = AutoAPI()
    api.add_router("", router)
    return api


def test_a_custom_envelope_is_learnt():
    document = document_of(items_api(), RESPONSE_WRAPPER=jsonapi_envelope)
    schema = schema_of(document, "/api/items")
    assert schema["required"] == ["data", "meta", "links", "x"]
    assert schema["properties"]["data"]["type"] == "array"
    assert schema["properties"]["meta"]["properties"] == {
        "version": {"type": "string"},
        "page": {"type": "integer"},
        "live": {"type": "boolean"},
    }


def test_an_envelope_that_looks_into_the_data_has_no_known_schema():
    assert (
        schema_of(document_of(items_api(), RESPONSE_WRAPPER=peeking_envelope), "/api/items") == {}
    )


def test_no_envelope():
    document = document_of(items_api(), RESPONSE_WRAPPER=None)
    assert schema_of(document, "/api/items")["type"] == "array"
    with serving(api=items_api()), override_settings(NINJA_BOOST={"RESPONSE_WRAPPER": None}):
        assert Client().get("/api/items").json() == [{"id": 1, "name": None, "tags": []}]


def test_a_payload_with_exactly_the_envelopes_keys_is_not_wrapped_again():
    router = AutoRouter(auth=None)

    class Wrapped(Schema):
        ok: bool
        data: int

    @router.get("/typed", response=Wrapped)
    def typed(request, ctx):
        return {"ok": True, "data": 1}

    @router.get("/more")
    def more(request, ctx):
        return {"ok": True, "data": 1, "more": 2}

    api = AutoAPI()
    api.add_router("", router)
    with serving(api=api):
        assert Client().get("/api/typed").json() == {"ok": True, "data": 1}
        assert Client().get("/api/more").json()["data"] == {"ok": True, "data": 1, "more": 2}
        document = Client().get("/api/openapi.json").json()
    assert schema_of(document, "/api/typed")["title"] == "Wrapped"


@pytest.mark.parametrize(
    ("option", "required"),
    [("exclude_none", ["id", "tags"]), ("exclude_unset", None), ("exclude_defaults", None)],
)
def test_what_an_operation_may_leave_out_is_not_required(option, required):
    document = document_of(items_api(**{option: True}))
    envelope = schema_of(document, "/api/items")
    assert envelope["required"] == ["ok", "data"]
    item = resolved(document, envelope["properties"]["data"]["items"])
    assert item.get("required") == required


class Seat(Schema):
    row: int
    note: str | None = None


class Perhaps(TypedDict, total=False):
    x: int


class Seen(Schema):
    seat: Seat
    more: Perhaps


def test_what_is_always_written_is_required():
    """So a schema with defaults is one component where it is read, another where it is written."""
    router = AutoRouter(auth=None)

    @router.post("/seats", response=Seen)
    def book(request, ctx, payload: Seat):
        return {"seat": payload, "more": {}}

    api = AutoAPI()
    api.add_router("", router)
    document = document_of(api)
    operation = document["paths"]["/api/seats"]["post"]
    body = resolved(document, operation["requestBody"]["content"]["application/json"]["schema"])
    assert body["required"] == ["row"]
    seen = resolved(
        document, schema_of(document, "/api/seats", method="post")["properties"]["data"]
    )
    assert seen["required"] == ["seat", "more"]
    assert resolved(document, seen["properties"]["seat"])["required"] == ["row", "note"]
    assert "required" not in resolved(document, seen["properties"]["more"])
    error = schema_of(document, "/api/seats", "default", "post")
    assert error["required"] == ["ok", "error", "code"]
    with serving(api=api):
        sent = Client().post("/api/seats", {"row": 7}, "application/json").json()["data"]
    assert sent == {"seat": {"row": 7, "note": None}, "more": {}}


@pytest.mark.skipif(PYDANTIC < (2, 12), reason="exclude_if came with pydantic 2.12")
def test_what_a_field_itself_leaves_out_is_not_required():
    class Discreet(Schema):
        secret: int | None = Field(default=None, exclude_if=lambda value: value is None)

    api = AutoAPI(auth=None)
    api.get("/discreet", response=Discreet)(lambda request: {"secret": None})
    document = document_of(api)
    assert "required" not in resolved(
        document, schema_of(document, "/api/discreet")["properties"]["data"]
    )


def test_schemas_of_one_name_do_not_overwrite_each_other():
    def first():
        class Same(Schema):
            a: int

        return Same

    def second():
        class Same(Schema):
            b: str

        return Same

    first_class, second_class = first(), second()
    router = AutoRouter(auth=None)

    @router.get("/a", response=first_class)
    def a(request, ctx):
        return {"a": 1}

    @router.get("/b", response=list[second_class])
    def b(request, ctx):
        return []

    @router.post("/c", response=Item)
    def c(request, ctx, payload: Item):
        return payload

    api = AutoAPI()
    api.add_router("", router)
    document = document_of(api)
    a_schema = resolved(document, schema_of(document, "/api/a")["properties"]["data"])
    b_schema = resolved(document, schema_of(document, "/api/b")["properties"]["data"]["items"])
    assert set(a_schema["properties"]) == {"a"}
    assert set(b_schema["properties"]) == {"b"}
    written = resolved(document, schema_of(document, "/api/c", method="post")["properties"]["data"])
    body = document["paths"]["/api/c"]["post"]["requestBody"]["content"]["application/json"]
    read = resolved(document, body["schema"])
    assert read == written


@pytest.mark.parametrize(
    "mounts",
    [1, pytest.param(2, marks=pytest.mark.skipif(bool(NEEDS_MOUNTS), reason=str(NEEDS_MOUNTS)))],
)
def test_operation_ids_are_unique(mounts):
    router = AutoRouter(auth=None)

    @router.api_operation(["GET", "POST"], "/x")
    def view(request, ctx):
        return {}

    api = AutoAPI()
    api.add_router("/one", router)
    if mounts == 2:
        api.add_router("/two", router, url_name_prefix="two")
    document = document_of(api)
    ids = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    ]
    assert len(ids) == len(set(ids)) == 2 * mounts
    assert document == document_of(api)


def test_security_follows_the_setting():
    router = AutoRouter()

    @router.get("/closed")
    def closed(request, ctx):
        return {}

    @router.get("/open", auth=None)
    def open_(request, ctx):
        return {}

    plain = Router()

    @plain.get("/plain")
    def of_plain_router(request):
        return {}

    api = AutoAPI()
    api.add_router("", router)
    api.add_router("", plain)
    document = document_of(api)
    for path in ("/api/closed", "/api/plain"):
        operation = document["paths"][path]["get"]
        assert operation["security"] == [{"BearerTokenAuth": []}]
        assert "401" in operation["responses"]
        assert operation["responses"]["401"]["headers"]["WWW-Authenticate"]["required"]
    assert "security" not in document["paths"]["/api/open"]["get"]
    assert "401" not in document["paths"]["/api/open"]["get"]["responses"]
    schemes = document["components"]["securitySchemes"]
    assert schemes == {"BearerTokenAuth": {"type": "http", "scheme": "bearer"}}
    assert "security" not in document_of(api, AUTH=None)["paths"]["/api/closed"]["get"]


def test_generic_schemas_and_aliases():
    class Box(Schema, Generic[T]):
        content: T

    class Aliased(Schema):
        inner: int = Field(serialization_alias="outerName")

    router = AutoRouter(auth=None)

    @router.get("/box", response=Box[Item])
    def box(request, ctx):
        return {"content": {"id": 1, "name": None, "tags": []}}

    @router.get("/aliased", response=Aliased, by_alias=True)
    def aliased(request, ctx):
        return {"inner": 1}

    api = AutoAPI()
    api.add_router("", router)
    document = document_of(api)
    data = resolved(document, schema_of(document, "/api/box")["properties"]["data"])
    assert resolved(document, data["properties"]["content"])["properties"].keys() == {
        "id",
        "name",
        "tags",
    }
    data = resolved(document, schema_of(document, "/api/aliased")["properties"]["data"])
    assert set(data["properties"]) == {"outerName"}


def test_a_document_is_built_once_and_given_as_a_copy(monkeypatch):
    from ninja_boost_core import api as api_module

    built = []
    original = api_module.BoostOpenAPISchema

    def counting(*args):
        built.append(args[1])
        return original(*args)

    monkeypatch.setattr(api_module, "BoostOpenAPISchema", counting)
    api = items_api()
    with serving(api=api):
        first = api.get_openapi_schema()
        first["paths"].clear()
        first["info"]["title"] = "changed"
        second = api.get_openapi_schema()
        assert "/api/items" in second["paths"]
        assert second.schemas is second["components"]["schemas"]
        assert second.schemas is not first.schemas
        assert api.get_openapi_schema()["info"]["title"] == "NinjaAPI"
        assert built == ["/api/"]
        for number in range(100):
            api.get_openapi_schema(path_prefix=f"/{number}/")
        assert len(api._documents) <= api_module.MOST_DOCUMENTS
        with override_settings(NINJA_BOOST={"RESPONSE_WRAPPER": None}):
            assert schema_of(api.get_openapi_schema(), "/api/items", 200)["type"] == "array"


def test_a_document_is_made_with_and_without_credentials():
    api = items_api()
    with serving(api=api):
        assert (
            Client().get("/api/openapi.json").json()
            == Client().get("/api/openapi.json", headers=DEMO).json()
        )


def test_the_headers_that_an_error_must_carry_are_documented():
    api = AutoAPI(auth=None)
    answers = {200: str, 401: str, 404: str, 429: str, 503: str}

    @api.get("/errors", response=answers)
    def errors(request, status: int):
        raise HttpError(status, "no")

    def required(document):
        responses = document["paths"]["/api/errors"]["get"]["responses"]
        headers = {status: response.get("headers", {}) for status, response in responses.items()}
        return {
            status: [name for name, header in found.items() if header["required"]]
            for status, found in headers.items()
            if found
        }

    documented = required(document_of(api))
    assert documented == {
        "401": ["WWW-Authenticate"],
        "429": ["Retry-After"],
        "503": ["Retry-After"],
    }
    assert required(document_of(api, ERRORS="ninja")) == {}
    with serving(api=api):
        for status, names in documented.items():
            response = Client().get(f"/api/errors?status={status}")
            assert (str(response.status_code), [n for n in names if n not in response]) == (
                status,
                [],
            )
