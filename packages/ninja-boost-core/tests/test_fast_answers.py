"""The fast response path gives what plain Ninja gives, or leaves the answer to it."""

import datetime
import enum
import json
import logging
import math
import sys
import uuid
from collections import deque
from decimal import Decimal
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import pytest
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ninja import Field, NinjaAPI, Router, Schema, responses
from ninja.renderers import BaseRenderer
from pydantic import BaseModel, ConfigDict, computed_field, field_serializer, field_validator

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_core.answers import PATIENCE, ResponseTemplate
from ninja_boost_core.problems import MissingDependency
from ninja_boost_core.serializer import Refused, compiled

Status = getattr(responses, "Status", None)
UTC = datetime.UTC
PLUS = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


class Colour(str, enum.Enum):  # noqa: UP042 - as many projects have it
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Plain(enum.Enum):
    ONE = 1


class Spelt(str, enum.Enum):  # noqa: UP042
    """Writes another string than its value."""

    A = "a"

    def __new__(cls, value):
        member = str.__new__(cls, "other")
        member._value_ = value
        return member


class Inner(Schema):
    id: int
    when: datetime.datetime | None = None


class ByItem:
    """Has items and no attributes, like a row of a database driver."""

    def __init__(self, **items):
        self._items = items

    def __getitem__(self, key):
        return self._items[key]


def view_of(api, router, annotation, result, **options):
    """Return the view of an API with one route, as Django calls it."""
    if annotation is not ...:
        options["response"] = annotation

    @router.get("/only", **options)
    def only(request):
        return result() if callable(result) else result

    api.add_router("", router)
    return next(url.callback for url in api.urls[0] if str(url.pattern) == "only")


def answers_of(api):
    ((_, operation),) = api.operations()
    return (operation._plan or operation.plan()).answers


def outcome(view):
    try:
        response = view(RequestFactory().get("/only"))
    except Exception as error:  # noqa: BLE001 - compared
        return type(error).__name__
    if response.status_code >= 500:
        return "error"
    headers = {k: v for k, v in response.headers.items() if k != "Content-Length"}
    body = json.loads(response.content, parse_constant=str) if response.content else None
    return response.status_code, body, headers, response.cookies


def assert_alike(annotation, result, **options):
    with override_settings(NINJA_BOOST={"RESPONSE_WRAPPER": None, "ERRORS": "ninja"}):
        plain = view_of(NinjaAPI(), Router(), annotation, result, **options)
        ours = view_of(AutoAPI(auth=None), AutoRouter(), annotation, result, **options)
        expected, found = outcome(plain), outcome(ours)
        if isinstance(expected, str):
            # Ninja lets an unexpected error through, and ours may be a 500.
            assert found in (expected, "error"), (annotation, result)
        else:
            assert found == expected, (annotation, result, options)


# Values that a field of a kind may hold, right and wrong ones.

LEAVES = {
    int: st.one_of(st.integers(), st.booleans(), st.just("12"), st.sampled_from(Level)),
    float: st.one_of(st.floats(), st.integers(-5, 5), st.just(Decimal("1.5"))),
    str: st.one_of(st.text(), st.sampled_from(Colour), st.just("\ud800")),
    bool: st.one_of(st.booleans(), st.just("yes"), st.just(1)),
    Decimal: st.one_of(st.decimals(), st.floats(allow_nan=False), st.just("1E+2")),
    uuid.UUID: st.one_of(st.uuids(), st.uuids().map(str)),
    datetime.date: st.dates(),
    datetime.datetime: st.one_of(
        st.datetimes(),
        st.datetimes(timezones=st.sampled_from([UTC, PLUS])),
        st.just("2024-01-02T03:04:05.678901Z"),
    ),
    datetime.time: st.one_of(st.times(), st.just(datetime.time(1, 2, tzinfo=UTC))),
    datetime.timedelta: st.timedeltas(),
    Colour: st.one_of(st.sampled_from(Colour), st.just("red")),
    Level: st.one_of(st.sampled_from(Level), st.just(2)),
    Plain: st.sampled_from(Plain),
    Spelt: st.sampled_from(Spelt),
    Literal["a", 1]: st.sampled_from(["a", 1]),
    Annotated[int, Field(ge=0)]: st.integers(-2, 5),
    Annotated[str, Field(max_length=3)]: st.text(max_size=5),
    bytes: st.binary(),
    Any: st.one_of(st.integers(), st.text(), st.datetimes(), st.just({"x": 1})),
    dict[str, int]: st.dictionaries(st.text(), st.integers(), max_size=2),
    set[int]: st.sets(st.integers(), max_size=1),
    int | str: st.one_of(st.integers(), st.text()),
    tuple[int, str]: st.tuples(st.integers(), st.text()),
}


@st.composite
def typed_values(draw, depth=2):
    """Draw an annotation and a strategy for the values of it."""
    kinds = ["leaf"] * 4 + (["optional", "list", "schema"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "leaf":
        annotation = draw(st.sampled_from(list(LEAVES)))
        return annotation, st.one_of(*[LEAVES[annotation]] * 12, st.none(), st.just([]))
    if kind == "schema":
        return draw(schemas(depth - 1))
    annotation, values = draw(typed_values(depth - 1))
    if kind == "optional":
        return annotation | None, st.one_of(st.none(), values)
    several = st.lists(values, max_size=3)
    return list[annotation], st.one_of(several, several, several.map(tuple), several.map(deque))


@st.composite
def schemas(draw, depth=2):
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True))
    annotations, namespace, values = {}, {}, {}
    for name in names:
        annotation, strategy = draw(typed_values(depth))
        annotations[name] = annotation
        shape = draw(st.sampled_from(["plain"] * 5 + ["default", "alias", "dotted", "excluded"]))
        source = name
        if shape == "default":
            annotations[name] = annotation | None
            namespace[name] = None
        elif shape == "alias":
            source = f"{name}_source"
            namespace[name] = Field(..., alias=source)
        elif shape == "dotted":
            source = "dotted"
            strategy = strategy.map(lambda value: SimpleNamespace(part=value))
            namespace[name] = Field(None, alias="dotted.part")
        elif shape == "excluded":
            namespace[name] = Field(..., exclude=True)
        values[source] = strategy
    if draw(st.integers(0, 9)) == 0:
        namespace[f"resolve_{names[0]}"] = staticmethod(lambda obj: None)
    cls = type(
        f"S{draw(st.integers(0, 10**9))}", (Schema,), {"__annotations__": annotations, **namespace}
    )
    full = st.fixed_dictionaries(values)
    partial = st.fixed_dictionaries({}, optional=values)
    contents = st.one_of(full, full, full, partial)
    as_objects = contents.map(lambda items: SimpleNamespace(**items))
    by_item = contents.map(lambda items: ByItem(**items))
    return cls, st.one_of(contents, contents, as_objects, as_objects, by_item)


def options():
    return st.fixed_dictionaries(
        {},
        optional={
            "by_alias": st.booleans(),
            "exclude_none": st.booleans(),
            "exclude_unset": st.booleans(),
            "exclude_defaults": st.booleans(),
        },
    )


def differential(data):
    annotation, values = data.draw(typed_values())
    result = data.draw(values)
    # A generator of the view can be read once; each of the two gets its own.
    assert_alike(
        annotation,
        (lambda: iter(result))
        if data.draw(st.booleans()) and type(result) is list and data.draw(st.booleans())
        else result,
        **data.draw(options()),
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(st.data())
def test_answers_are_those_of_plain_ninja(data):
    differential(data)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(
    max_examples=800, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(st.data())
def test_thousands_of_answers_are_those_of_plain_ninja(data):
    differential(data)


def made(annotation):
    return type("NinjaResponseSchema", (Schema,), {"__annotations__": {"response": annotation}})


class Base(Schema):
    id: int


class Forbids(Base):
    model_config = ConfigDict(extra="forbid")


class Resolves(Base):
    @staticmethod
    def resolve_id(obj):
        return 1


class Computes(Base):
    @computed_field
    @property
    def double(self) -> int:
        return 2


class Validates(Base):
    @field_validator("id")
    @classmethod
    def positive(cls, value):
        return abs(value)


class Serializes(Base):
    @field_serializer("id")
    def as_text(self, value) -> str:
        return str(value)


class Dotted(Base):
    name: str = Field(alias="owner.name")


class Spells(Base):
    model_config = ConfigDict(ser_json_timedelta="float")


class Foreign(BaseModel):
    id: int


class Makes(Base):
    def model_post_init(self, context):
        pass


class Tree(Base):
    children: "list[Tree]"


COMPILED = [
    *(leaf for leaf in list(LEAVES)[:13] if leaf is not Plain),
    *(Base, list[Base], list[list[int]], Base | None, Literal["a", 1]),
]
REFUSED = [
    *(Forbids, Resolves, Computes, Validates, Serializes, Dotted, Spells, Foreign, Makes, Tree),
    *(Plain, Spelt, bytes, Any, dict, dict[str, int], set[int], int | str, tuple[int, ...], list),
]


@pytest.mark.parametrize("annotation", COMPILED, ids=str)
def test_what_is_compiled(annotation):
    assert compiled(made(annotation))


@pytest.mark.parametrize("annotation", REFUSED, ids=str)
def test_what_is_refused(annotation):
    with pytest.raises(Refused):
        compiled(made(annotation))
    nested = type("Holds", (Schema,), {"__annotations__": {"value": annotation | None}})
    with pytest.raises(Refused):
        compiled(made(nested))


def run(annotation, result, api=None, **options):
    """Return the answers of an operation and its response."""
    api = api or AutoAPI(auth=None)
    view = view_of(api, AutoRouter(), annotation, result, **options)
    return answers_of(api), view(RequestFactory().get("/only"))


def test_the_fast_path_answers(monkeypatch):
    stock = []
    monkeypatch.setattr("ninja.operation.Operation._result_to_response", lambda *_: stock.append(1))
    # The class's own method is what was looked at.
    answers, response = run(list[Inner], [{"id": 1}, Inner(id=2)])
    assert response.content == (
        b'{"ok": true, "data": [{"id":1,"when":null},{"id":2,"when":null}]}'
    )
    assert not stock
    assert answers.failures == 0


def test_an_object_that_is_read_by_item_keeps_its_values():
    # It has no attribute ``when``, which for pydantic alone would be the default.
    when = datetime.datetime(2024, 1, 2, tzinfo=UTC)
    for annotation, result in (
        (Inner, ByItem(id=1, when=when)),
        (list[Inner], [ByItem(id=1, when=when)]),
    ):
        answers, response = run(annotation, result)
        assert b"2024-01-02T00:00:00Z" in response.content
        assert answers.failures == 1


def test_what_can_be_read_once_is_read_by_ninja():
    answers, response = run(list[int], lambda: iter([1, 2]))
    assert json.loads(response.content)["data"] == [1, 2]
    assert answers.failures == 1


def test_dates_are_cut_to_milliseconds_as_in_ninja():
    stamp = datetime.datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    assert_alike(datetime.datetime, stamp)
    _, response = run(datetime.datetime, stamp)
    assert b'"2024-01-02T03:04:05.678Z"' in response.content


def test_numbers_that_are_none():
    for value in (math.inf, -math.inf, math.nan):
        assert_alike(list[float], [value])


@pytest.mark.skipif(Status is None, reason="this Ninja has no Status")
def test_statuses():
    responses = {200: int, 201: list[int], 204: None, 404: str, 202: Any}
    api = AutoAPI(auth=None)
    results = []
    view = view_of(api, AutoRouter(), responses, lambda: results.pop())
    for result, status, body in (
        (1, 200, {"ok": True, "data": 1}),
        (Status(201, [1]), 201, {"ok": True, "data": [1]}),
        (Status(202, {"a": 1}), 202, {"ok": True, "data": {"a": 1}}),
        (Status(204, None), 204, None),
        (Status(404, "gone"), 404, {"ok": False, "error": "gone", "code": 404}),
    ):
        results.append(result)
        response = view(RequestFactory().get("/only"))
        assert response.status_code == status
        assert (json.loads(response.content) if response.content else None) == body
    assert set(answers_of(api).by_status) == {200, 201}


def test_a_response_of_the_view_is_left_alone():
    given_response = HttpResponse(b"x")
    _, response = run(int, given_response)
    assert response is given_response


def test_a_payload_in_the_envelope_is_not_wrapped_again():
    class Wrapped(Schema):
        ok: bool
        data: int

    for annotation in (..., Wrapped):
        _, response = run(annotation, {"ok": True, "data": 1})
        assert json.loads(response.content) == {"ok": True, "data": 1}
        _, response = run(..., {"ok": True, "data": 1, "more": 2})
        assert json.loads(response.content)["data"]["more"] == 2


class OwnRenderer(BaseRenderer):
    media_type = "text/plain"

    def render(self, request, data, *, response_status):
        return f"own {data}"


class OwnResponse(AutoAPI):
    def create_response(self, *args, **kwargs):
        response = super().create_response(*args, **kwargs)
        response["X-Own"] = "1"
        return response


class OwnTemporal(AutoAPI):
    def create_temporal_response(self, request):
        response = super().create_temporal_response(request)
        response["X-Own"] = "1"
        return response


def test_what_a_project_puts_in_the_way_is_used():
    answers, response = run(int, 1, AutoAPI(auth=None, renderer=OwnRenderer()))
    assert (answers, response.content) == (None, b"own {'ok': True, 'data': 1}")
    for cls in (OwnResponse, OwnTemporal):
        answers, response = run(int, 1, cls(auth=None))
        assert (answers, response["X-Own"]) == (None, "1")
    renderer = AutoAPI(auth=None).renderer
    renderer.json_dumps_params = {"indent": 1}
    answers, response = run(int, 1, AutoAPI(auth=None, renderer=renderer))
    assert answers is None
    assert b"\n" in response.content


def test_a_response_argument_is_used():
    api, router = AutoAPI(auth=None), AutoRouter()

    @router.get("/only", response=int)
    def only(request, response: HttpResponse):
        response["X-Own"] = "1"
        return 1

    api.add_router("", router)
    (url,) = (url for url in api.urls[0] if str(url.pattern) == "only")
    assert url.callback(RequestFactory().get("/only"))["X-Own"] == "1"


def custom_wrapper(data):
    return {"data": data, "when": "now"}


def test_a_wrapper_of_the_project_is_called():
    with override_settings(NINJA_BOOST={"RESPONSE_WRAPPER": custom_wrapper}):
        answers, response = run(int, 1)
    assert answers is None
    assert json.loads(response.content) == {"data": 1, "when": "now"}


def test_an_operation_whose_results_do_not_fit_is_left_to_ninja(caplog):
    values = [iter([1])] * (PATIENCE - 1) + [[1]] + [iter([1])] * PATIENCE + [[1]]
    results = iter(values)
    api = AutoAPI(auth=None)
    view = view_of(api, AutoRouter(), list[int], lambda: next(results))
    with caplog.at_level(logging.INFO, "ninja_boost"):
        for number, _ in enumerate(values):
            assert view(RequestFactory().get("/only")).status_code == 200
            assert bool(answers_of(api).default) == (number < 2 * PATIENCE - 1)
    (record,) = (each for each in caplog.records if "Ninja's own path" in each.getMessage())
    assert "GET /only" in record.getMessage()


def test_a_value_that_ninja_warns_of_is_ninjas():
    class Loose(Schema):
        id: int = "text"

    with pytest.warns(UserWarning, match="serializ"):
        _, response = run(Loose, {})
    assert json.loads(response.content)["data"] == {"id": "text"}


def test_a_result_that_contains_itself():
    loop: dict[str, Any] = {}
    loop["self"] = loop
    assert_alike(..., loop)


@pytest.mark.parametrize("annotation", [..., Inner])
def test_a_missing_result(annotation):
    assert_alike(annotation, None)
    assert_alike(annotation | None if annotation is Inner else ..., None, exclude_none=True)


def test_a_response_of_the_template_is_like_one_of_the_constructor():
    template = ResponseTemplate("application/json; charset=utf-8", 201)
    assert template.state is not None, "this Django makes responses in another way"
    first, second = template(b"one"), template(b"two")
    made_by_constructor = HttpResponse(
        b"one", content_type="application/json; charset=utf-8", status=201
    )
    for response in (first, made_by_constructor):
        response["X-A"] = "b"
        response.set_cookie("c", "d")
        response.write(b" and more")
        response._resource_closers.append(print)
    assert vars(first).keys() == vars(made_by_constructor).keys()
    assert first.serialize() == made_by_constructor.serialize()
    assert first.reason_phrase == "Created"
    assert (second.content, second.cookies, list(second.headers)) == (b"two", {}, ["Content-Type"])
    assert second._resource_closers == []


def test_without_a_known_django_the_constructor_makes_the_response():
    template = ResponseTemplate("application/json", 200)
    template.state = None
    response = template(b"x")
    assert (response.content, response["Content-Type"]) == (b"x", "application/json")


MICROSECONDS = datetime.datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.mark.parametrize(
    ("annotation", "result"),
    [
        (datetime.datetime, MICROSECONDS),
        (..., {"when": MICROSECONDS}),
        (datetime.datetime | int | None, MICROSECONDS),
        (list[datetime.datetime], [MICROSECONDS.replace(tzinfo=PLUS)]),
        (list[datetime.datetime], iter([MICROSECONDS])),
    ],
)
def test_datetimes_with_microseconds_on_every_path(annotation, result):
    with override_settings(NINJA_BOOST={"DATETIMES": "rfc3339"}):
        _, response = run(annotation, result)
    assert b"2024-01-02T03:04:05.678901" in response.content
    assert (b"678901Z" in response.content) != (b"+05:30" in response.content)


def test_orjson():
    pytest.importorskip("orjson")
    stamp = datetime.datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    value = {"a": [1, None, True], "when": stamp, "id": uuid.UUID(int=1), "d": Decimal("1.50")}
    expected = json.loads(run(..., value)[1].content)
    with override_settings(NINJA_BOOST={"JSON": "orjson"}):
        answers, response = run(..., value)
        assert json.loads(response.content) == expected
        assert b'"a":[1,null,true]' in response.content
        # What orjson does not know is Ninja's.
        assert json.loads(run(..., {1: 2**70})[1].content)["data"] == {"1": 2**70}
    assert answers.failures == 0


def test_orjson_that_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "orjson", None)
    with (
        override_settings(NINJA_BOOST={"JSON": "orjson"}),
        pytest.raises(MissingDependency, match="pip install 'orjson"),
    ):
        run(..., {})
