"""The fast request path reads what plain Ninja reads, and answers the same errors."""

import datetime
import json
import uuid
from typing import Annotated, Any, Literal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse, QueryDict
from django.test import RequestFactory, override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ninja import (
    Body,
    Cookie,
    Field,
    File,
    Form,
    Header,
    NinjaAPI,
    Query,
    Router,
    Schema,
    UploadedFile,
)
from ninja.testing import TestClient
from pydantic import ConfigDict, PrivateAttr, field_validator, model_validator

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_core.readers import PATIENCE

TYPES = [
    *(int, str, float, bool, uuid.UUID, datetime.datetime, datetime.date, Literal["a", "b"]),
    *(int | None, list[int], dict[str, int], int | str, Any),
    *(Annotated[int, Field(ge=3)], Annotated[str, Field(max_length=2)]),
]


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")

    a: int
    b: str = "x"


class Checked(Schema):
    a: int

    @field_validator("a", mode="before")
    @classmethod
    def more(cls, value, info):
        assert info.context["request"]
        return value + 1 if isinstance(value, int) else value


class Whole(Schema):
    a: int = 0

    @model_validator(mode="after")
    def odd(self):
        if self.a % 2:
            raise ValueError("odd")
        return self


class Private(Schema):
    a: int = 0
    _seen: bool = PrivateAttr(default=True)


class Tree(Schema):
    a: int = 0
    children: "list[Tree]" = Field(default_factory=list)


CLASSES = [Strict, Checked, Whole, Private, Tree]


@st.composite
def classes(draw, depth=2):
    if draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(CLASSES))
    annotations, namespace = {}, {}
    for name in draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True)):
        annotation = draw(st.sampled_from(TYPES))
        if depth and draw(st.integers(0, 3)) == 0:
            annotation = draw(classes(depth - 1))
            annotation = draw(st.sampled_from([annotation, list[annotation], annotation | None]))
        annotations[name] = annotation
        shape = draw(st.sampled_from(["plain", "plain", "default", "alias", "factory"]))
        if shape == "default":
            annotations[name], namespace[name] = annotation | None, None
        elif shape == "alias":
            namespace[name] = Field(..., alias=f"{name}{name}")
        elif shape == "factory":
            annotations[name] = list[annotation]
            namespace[name] = Field(default_factory=list)
    number = draw(st.integers(0, 10**9))
    return type(f"C{number}", (Schema,), {"__annotations__": annotations, **namespace})


NAMES = st.sampled_from(["a", "b", "c", "d", "aa", "bb", "children", "z"])
SCALARS = st.one_of(
    *[st.integers(-3, 9), st.text(max_size=3), st.floats(allow_nan=False), st.booleans()],
    *[st.none(), st.sampled_from(["a", "b", "7", "2024-01-02", "2024-01-02T03:04:05Z"])],
    st.uuids().map(str),
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=8,
)
BODIES = st.one_of(
    st.dictionaries(NAMES, DOCUMENTS, max_size=4).map(json.dumps),
    DOCUMENTS.map(json.dumps),
    st.sampled_from(["", "{", "[1", '{"a": 1, "a": 2}', "\ufeff{}", "null", "[" * 2000]),
).map(str.encode)


def matching(cls, draw):
    """Draw a body that has the names of a class."""
    body = {}
    for name, field in cls.model_fields.items():
        kinds = SCALARS if draw(st.integers(0, 2)) else DOCUMENTS
        if isinstance(field.annotation, type) and issubclass(field.annotation, Schema):
            body[field.alias or name] = matching(field.annotation, draw)
        else:
            body[field.alias or name] = draw(kinds)
    return body


def shown(value):
    """Return what a view got, with the class and the fields that were set."""
    if isinstance(value, Schema):
        private = value.__pydantic_private__
        return (
            *(type(value).__name__, sorted(value.model_fields_set), private),
            *(value.__pydantic_extra__, {k: shown(v) for k, v in vars(value).items()}),
        )
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, UploadedFile):
        return value.name
    return (type(value).__name__, value)


def view_of(api, router, view):
    seen = []

    def only(request, **values):
        seen.append({name: shown(value) for name, value in values.items()})
        return 1

    only.__signature__ = __import__("inspect").signature(view)
    router.post("/only/{int:number}" if "number" in view.__annotations__ else "/only")(only)
    api.add_router("", router)
    callback = next(url.callback for url in api.urls[0] if str(url.pattern).startswith("only"))
    return callback, seen


def both(view):
    return (
        view_of(NinjaAPI(), Router(), view),
        view_of(AutoAPI(auth=None), AutoRouter(), view),
    )


def outcome(made, make_request, **path_values):
    callback, seen = made
    seen.clear()
    response = callback(make_request(), **path_values)
    return response.status_code, json.loads(response.content), repr(seen)


def assert_alike(view, *make_requests, **path_values):
    with override_settings(NINJA_BOOST={"RESPONSE_WRAPPER": None, "ERRORS": "ninja"}):
        plain, ours = both(view)
        for make_request in make_requests:
            expected = outcome(plain, make_request, **path_values)
            assert outcome(ours, make_request, **path_values) == expected, view.__annotations__


def posting(body, query=""):
    return lambda: RequestFactory().post(
        f"/only{query}", data=body, content_type="application/json"
    )


def differential(data):
    cls = data.draw(classes())
    kind = data.draw(st.sampled_from(["one", "list", "two", "optional"]))
    if kind == "one":

        def view(request, item: cls): ...

    elif kind == "list":

        def view(request, items: list[cls]): ...

    elif kind == "two":

        def view(request, item: cls, more: Body[int] = 1): ...

    else:

        def view(request, item: cls | None = None): ...

    bodies = [
        *(data.draw(BODIES) for _ in range(3)),
        *(json.dumps(matching(cls, data.draw)).encode() for _ in range(3)),
    ]
    if kind == "list":
        bodies += [b"[" + body + b"]" for body in bodies]
    if kind == "two":
        bodies += [b'{"item": ' + body + b', "more": 2}' for body in bodies]
    assert_alike(view, *map(posting, bodies))


@settings(
    max_examples=120, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(st.data())
def test_bodies_are_read_as_by_ninja(data):
    differential(data)


@pytest.mark.slow
@settings(
    max_examples=500, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(st.data())
def test_many_bodies_are_read_as_by_ninja(data):
    differential(data)


class Filters(Schema):
    a: int = 3
    tags: list[str] = Field(default_factory=list)
    z: str | None = Field(None, alias="zz")


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["number", "q", "a", "tags", "zz", "z", "x-own", "other"]),
            st.sampled_from(["1", "", "two", "2024-01-02", "a b", "ü"]),
        ),
        max_size=5,
    )
)
def test_parameters_are_read_as_by_ninja(pairs):
    from urllib.parse import urlencode

    def view(
        request,
        number: int,
        filters: Query[Filters],
        q: datetime.date | None = None,
        x_own: int = Header(5),
        other: str = Cookie("none"),
    ): ...

    def make_request():
        request = RequestFactory().post(f"/only/1?{urlencode(pairs)}")
        given = dict(pairs)
        if "x-own" in given:
            request.META["HTTP_X_OWN"] = given["x-own"]
        if "other" in given:
            request.COOKIES["other"] = given["other"]
        return request

    assert_alike(view, make_request, number=7)


def test_forms_and_files_are_read_as_by_ninja():
    def view(request, filters: Form[Filters], up: File[UploadedFile]): ...

    def make_request(with_file=True, **values):
        files = {"up": SimpleUploadedFile("a.txt", b"x")} if with_file else {}
        return lambda: RequestFactory().post("/only", data={**values, **files})

    assert_alike(
        view,
        make_request(a="1", tags=["x", "y"]),
        make_request(),
        make_request(a="one"),
        make_request(with_file=False),
    )


def readers_of(view):
    api, router = AutoAPI(auth=None), AutoRouter()
    callback, seen = view_of(api, router, view)
    ((_, operation),) = api.operations()
    return (operation._plan or operation.plan()).readers, callback, seen


def test_the_fast_path_reads(monkeypatch):
    def view(request, item: Strict, number: int, q: int = 1): ...

    readers, callback, seen = readers_of(view)
    monkeypatch.setattr(type(readers), "_by_ninja", lambda *_: pytest.fail("Ninja read it"))
    assert callback(posting(b'{"a": 1}', "?q=2")(), number=3).status_code == 200
    assert repr(seen) == repr([{"item": shown(Strict(a=1)), "number": ("int", 3), "q": ("int", 2)}])


TEXTS = [
    *("-0", "-0.0", "1e999", "1E5", "0.1", "1e-400", "123456789.123456789123456789", "01", "1 2"),
    *("123456789012345678901234567890", "NaN", "-Infinity", "nan", "[1,]", '"\\ud800"', "[]"),
    *('"\\u0000"', '"\\/"', '{"a": 1, "a": 2}', " \t\n1 ", '"\x01"', "true", "null", "1_0"),
]


@pytest.mark.parametrize("annotation", [Any, float, int, str, list[Any] | None])
def test_json_is_parsed_as_by_ninja(annotation):
    def view(request, item: Body[annotation]): ...

    bodies = [text.encode() for text in TEXTS]
    bodies += [b"\xff", '"\u00e9"'.encode("latin-1"), '{"a": 1}'.encode("utf-16"), b"\xef\xbb\xbf1"]
    bodies += [f'{{"item": {text}}}'.encode() for text in TEXTS]
    assert_alike(view, *map(posting, bodies))


def test_clients_cannot_switch_it_off():
    def view(request, item: Strict): ...

    readers, callback, _ = readers_of(view)
    for _ in range(2 * PATIENCE):
        assert callback(posting(b'{"a": "one"}')()).status_code == 422
        assert callback(posting(b"{")()).status_code == 400
    assert readers.failures == 0


def test_an_operation_that_only_ninja_can_read_is_left_to_it():
    class Odd(Schema):
        a: int = 0

    def odd(request, item: Odd): ...

    readers, callback, seen = readers_of(odd)
    for _ in range(PATIENCE):
        # Ninja's proxy finds no attribute of a number missing that has a default.
        assert callback(posting(b"5")()).status_code == 200
    assert readers.failures == PATIENCE
    assert callback(posting(b'{"a": 7}')()).status_code == 200
    assert seen[-1]["item"][-1] == {"a": ("int", 7)}


def test_a_response_argument_has_ninja_read():
    def view(request, response: HttpResponse, item: Strict): ...

    readers, callback, _ = readers_of(view)
    assert readers is None
    assert callback(posting(b'{"a": 1}')()).status_code == 200


def test_without_parameters_nothing_is_read():
    def view(request): ...

    readers, _, _ = readers_of(view)
    assert readers is None


def test_a_query_that_somebody_set_is_read():
    def view(request, q: int = 1): ...

    _, callback, seen = readers_of(view)
    request = posting(b"")()
    request.GET = QueryDict("q=2")
    assert callback(request).status_code == 200
    assert seen == [{"q": ("int", 2)}]


def test_ninjas_test_client_is_understood():
    router = AutoRouter(auth=None)

    @router.get("/only")
    def only(request, q: int = 1):
        return q

    client = TestClient(router)
    assert client.get("/only?q=2").json() == 2
    assert client.get("/only").json() == 1
