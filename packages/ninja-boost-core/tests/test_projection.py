"""Rows that are read as columns are those that instances give, and only where nobody can tell."""

import datetime
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F, Prefetch, QuerySet, Value
from django.db.models.signals import post_init
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ninja import Field, NinjaAPI, Router, Schema

from ninja_boost_core import AutoAPI, AutoRouter, Hook, attach
from ninja_boost_core.projection import Projection
from ninja_boost_core.shapes import item_shape, shape_of

from .models import Company, Flight, Jet, Plane, Small, Watched

pytestmark = pytest.mark.django_db


class CompanyOut(Schema):
    id: int
    name: str


class PlaneOut(Schema):
    id: int
    name: str
    company_id: int
    company: CompanyOut
    price: Decimal
    built: datetime.datetime | None
    maker: str = Field("none", alias="kind")


class FlightOut(Schema):
    number: str
    plane: PlaneOut


@pytest.fixture(autouse=True)
def rows(db):
    companies = [Company.objects.create(name=f"c{number}") for number in range(2)]
    for number in range(5):
        plane = Plane.objects.create(
            company=companies[number % 2],
            name=f"p{number}",
            price=Decimal(number) / 2,
            built=datetime.datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC),
        )
        Flight.objects.create(plane=plane, number=f"F{9 - number}")
    Jet.objects.create(company=companies[0], name="jet")
    Watched.objects.create(name="as stored")


def projected(annotation, queryset):
    return Projection(item_shape(list[annotation]))(queryset)


def is_projected(annotation, queryset):
    return projected(annotation, queryset) is not queryset


def test_rows_become_dictionaries_of_the_shape_of_the_schema():
    with CaptureQueriesContext(
        connection,
    ) as queries:
        rows = list(projected(FlightOut, Flight.objects.filter(plane__seats=0)[:2]))
    assert len(queries) == 1
    assert [row["number"] for row in rows] == ["F5", "F6"]
    flight = Flight.objects.get(number="F5")
    assert rows[0] == {
        "number": "F5",
        "plane": {
            "id": flight.plane.id,
            "name": "p4",
            "company_id": flight.plane.company_id,
            "company": {"id": flight.plane.company.id, "name": "c0"},
            "price": Decimal("2.00"),
            "built": flight.plane.built,
            "kind": "a",
        },
    }
    assert "picture" not in queries[0]["sql"]


def schema_of(**annotations):
    values = {k: v[1] for k, v in annotations.items() if isinstance(v, tuple)}
    types = {k: v[0] if isinstance(v, tuple) else v for k, v in annotations.items()}
    return type("Out", (Schema,), {"__annotations__": types, **values})


@pytest.mark.parametrize(
    "schema",
    [
        schema_of(shout=str),
        schema_of(missing=(str, "x")),
        schema_of(picture=str | None),
        schema_of(company=int),
        schema_of(pk=int),
        schema_of(get_kind_display=str),
        schema_of(flight_set=list[FlightOut]),
        schema_of(second=CompanyOut | None),
        schema_of(loose=CompanyOut | None),
        schema_of(name=(str, Field(alias="company.name"))),
        schema_of(second=CompanyOut),
    ],
)
def test_a_schema_that_takes_more_than_columns(schema):
    assert not is_projected(schema, Plane.objects.order_by("pk"))


def test_resolvers_need_instances():
    class Out(Schema):
        name: str

        @staticmethod
        def resolve_name(obj):
            return obj.shout

    assert not is_projected(Out, Plane.objects.order_by("pk"))


class Own(QuerySet):
    def __iter__(self):
        return iter([])


PLANES = Plane.objects
QUERYSETS = {
    "all": (PLANES.all().order_by("pk"), True),
    "filtered": (PLANES.filter(company__name="c0").exclude(name="p0").order_by("pk"), True),
    "ordered and sliced": (PLANES.order_by("-name", "pk")[1:3], True),
    "of other columns": (PLANES.only("name").order_by("pk"), True),
    "deferred": (PLANES.defer("name").order_by("pk"), True),
    "joined": (PLANES.select_related("company").order_by("pk"), True),
    "reversed": (PLANES.order_by("name").reverse(), True),
    "ordered by another table": (PLANES.order_by("company__name", "pk"), True),
    "none": (PLANES.order_by("pk").none(), True),
    "unordered": (PLANES.all(), False),
    "proxy": (Small.objects.all().order_by("pk"), True),
    "inherited": (Jet.objects.all().order_by("pk"), True),
    "prefetched": (PLANES.prefetch_related("flight_set"), False),
    "prefetched by object": (PLANES.prefetch_related(Prefetch("flight_set")), False),
    "annotated": (PLANES.annotate(twice=F("seats") * 2), False),
    "annotated over a name": (PLANES.annotate(n=Value("x")), False),
    "grouped": (PLANES.annotate(n=Count("flight")), False),
    "distinct": (PLANES.distinct(), False),
    "combined": (PLANES.filter(pk=1).union(PLANES.filter(pk=2)), False),
    "extra": (PLANES.extra(select={"x": "1"}), False),
    "values": (PLANES.values("name"), False),
    "locked": (PLANES.select_for_update(), False),
    "own class": (Own(Plane), False),
}


@pytest.mark.parametrize("name", QUERYSETS)
def test_which_querysets_are_projected(name):
    queryset, expected = QUERYSETS[name]
    queryset = queryset._chain()
    schema = schema_of(id=int, name=str, company=CompanyOut)
    assert is_projected(schema, queryset) == expected
    if expected:
        rows = list(projected(schema, queryset))
        assert rows == [
            {
                "id": plane.id,
                "name": plane.name,
                "company": {"id": plane.company.id, "name": plane.company.name},
            }
            for plane in queryset._chain()
        ]


def test_fetched_rows_are_kept():
    queryset = PLANES.order_by("pk")
    assert is_projected(schema_of(name=str), queryset)
    list(queryset)
    assert not is_projected(schema_of(name=str), queryset)


def test_rows_of_a_related_manager_share_the_object_that_they_come_from():
    company = Company.objects.first()
    company.name = "changed in memory"
    queryset = company.plane_set.order_by("pk")
    assert not is_projected(schema_of(id=int, company=CompanyOut), queryset)
    assert is_projected(schema_of(id=int, company_id=int), queryset)


def test_a_model_that_makes_its_instances_itself():
    assert not is_projected(schema_of(name=str), Watched.objects.order_by("pk"))


def test_a_listener_sees_instances():
    seen = []

    def listen(instance, **kwargs):
        seen.append(instance)

    post_init.connect(listen, sender=Company)
    try:
        assert not is_projected(schema_of(id=int, company=CompanyOut), PLANES.order_by("pk"))
        assert is_projected(schema_of(id=int, company_id=int), PLANES.order_by("pk"))
    finally:
        post_init.disconnect(listen, sender=Company)


def test_with_routers_an_object_may_be_elsewhere():
    class Router:
        pass

    with override_settings(DATABASE_ROUTERS=[Router()]):
        assert not is_projected(schema_of(company=CompanyOut), PLANES.order_by("pk"))
        assert is_projected(schema_of(id=int), PLANES.order_by("pk"))


# Through operations


def view_of(api, router, view, **options):
    router.get("/only", **options)(view)
    api.add_router("", router)
    return next(url.callback for url in api.urls[0] if str(url.pattern) == "only")


def answer(callback):
    return json.loads(callback(RequestFactory().get("/only")).content)["data"]


def test_a_list_is_read_in_one_query_of_its_columns():
    callback = view_of(
        AutoAPI(auth=None),
        AutoRouter(),
        lambda request: Flight.objects.all(),
        response=list[FlightOut],
    )
    with CaptureQueriesContext(connection) as queries:
        found = answer(callback)
    assert len(queries) == 1
    assert "picture" not in queries[0]["sql"]
    assert found[0]["plane"]["company"]["name"] == "c0"
    assert found[0]["plane"]["built"] == "2024-01-02T03:04:05.678Z"


class NestedOut(Schema):
    id: int
    name: str
    built: datetime.datetime | None
    company: CompanyOut


@pytest.mark.parametrize("options", [{}, {"exclude_unset": True}, {"exclude_none": True}])
def test_rows_that_are_not_validated(options):
    Plane.objects.filter(name="p1").update(built=None)
    with override_settings(NINJA_BOOST={"VALIDATE_ROWS": False}):
        fast = view_of(
            AutoAPI(auth=None),
            AutoRouter(),
            lambda request: Plane.objects.order_by("pk"),
            response=list[NestedOut],
            **options,
        )
        with CaptureQueriesContext(connection) as queries:
            found = answer(fast)
    plain = view_of(
        NinjaAPI(),
        Router(),
        lambda request: Plane.objects.order_by("pk"),
        response=list[NestedOut],
        **options,
    )
    assert len(queries) == 1
    assert found == json.loads(plain(RequestFactory().get("/only")).content)


def test_rows_that_are_not_validated_are_really_not():
    bounded = schema_of(name=(str, Field(max_length=1)), company_id=int)
    make = type(
        "Made",
        (),
        {
            "__slots__": (
                "__dict__",
                "__pydantic_fields_set__",
                "__pydantic_extra__",
                "__pydantic_private__",
            )
        },
    )
    rows = Projection(item_shape(list[bounded]), make)(PLANES.order_by("pk"))
    assert all(type(row) is make for row in rows)
    assert vars(rows[0]) == {"name": "p0", "company_id": rows[0].company_id}
    aliased = schema_of(title=(str, Field(alias="name")))
    rows = Projection(item_shape(list[aliased]), make)(PLANES.order_by("pk"))
    assert rows[0] == {"name": "p0"}


def test_unvalidated_rows_that_do_not_fit_are_answered_by_ninja():
    with override_settings(NINJA_BOOST={"VALIDATE_ROWS": False}):
        callback = view_of(
            AutoAPI(auth=None),
            AutoRouter(),
            lambda request: Plane.objects.order_by("pk"),
            response=list[schema_of(id=int, name=int)],
        )
        assert callback(RequestFactory().get("/only")).status_code == 500


@pytest.mark.django_db(transaction=True)
async def test_an_async_view_may_return_a_queryset():
    async def view(request):
        return Plane.objects.order_by("pk")

    callback = view_of(
        AutoAPI(auth=None), AutoRouter(), view, response=list[schema_of(id=int, company=CompanyOut)]
    )
    response = await callback(RequestFactory().get("/only"))
    assert [row["company"]["name"] for row in json.loads(response.content)["data"]][:2] == [
        "c0",
        "c1",
    ]


class Looks(Hook):
    def after_view(self, call, result):
        return [row.shout.lower() and row for row in result]


class Keeps(Hook):
    keeps_items = True

    def after_view(self, call, result):
        return result


@pytest.mark.parametrize(("hook", "statements"), [(Looks(), 6), (Keeps(), 1)])
def test_a_hook_that_looks_at_the_rows_gets_instances(hook, statements):
    Plane.objects.filter(jet__isnull=False).delete()

    @attach(hook)
    def view(request):
        return Plane.objects.order_by("pk")

    callback = view_of(
        AutoAPI(auth=None), AutoRouter(), view, response=list[schema_of(id=int, company=CompanyOut)]
    )
    with CaptureQueriesContext(connection) as queries:
        assert len(answer(callback)) == 5
    assert len(queries) == statements


SOURCES = {
    "id": int,
    "name": str,
    "seats": int,
    "price": Decimal,
    "code": uuid.UUID,
    "built": datetime.datetime | None,
    "company_id": int,
    "second_id": int | None,
    "kind": str,
    "shout": str,
    "data": Any,
    "company": CompanyOut,
    "second": CompanyOut | None,
    "picture": str | None,
    "missing": int | None,
}


@settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(
    st.lists(st.sampled_from(sorted(SOURCES)), min_size=1, unique=True),
    st.sampled_from(sorted(name for name in QUERYSETS if name not in ("values", "locked"))),
    st.booleans(),
    st.booleans(),
)
def test_answers_are_those_of_plain_ninja(names, queryset, by_alias, aliased):
    annotations = {name: SOURCES[name] for name in names}
    defaults = {"missing": None} if "missing" in names else {}
    if aliased:
        annotations["renamed"] = SOURCES[names[0]]
        defaults["renamed"] = Field(None, alias=names[0])
    out = type("Out", (Schema,), {"__annotations__": annotations, **defaults})

    def view(request):
        return QUERYSETS[queryset][0]._chain()

    options = {"response": list[out], "by_alias": by_alias}
    with override_settings(NINJA_BOOST={"RESPONSE_WRAPPER": None}):
        plain = view_of(NinjaAPI(), Router(), view, **options)
        ours = view_of(AutoAPI(auth=None), AutoRouter(), view, **options)
        request = RequestFactory().get("/only")
        expected = json.loads(plain(request).content)
        assert json.loads(ours(request).content) == expected


# Shapes


class Tree(Schema):
    name: str = Field(alias="label")
    children: "list[Tree] | None" = None
    owner: str = Field("", alias="owner.name")
    either: CompanyOut | PlaneOut | None = None

    @staticmethod
    def resolve_children(obj):
        return []


class Paged(Schema):
    items: list[Tree]
    total: int


def test_shapes():
    shape = item_shape(Paged)
    assert shape is shape_of(Tree | None) or shape == shape_of(Tree | None)
    name, children, owner, either = shape.fields
    assert (name.source, name.path, name.schema) == ("label", ("label",), None)
    assert (children.many, children.nullable, children.resolved) == (True, True, True)
    assert children.shape == shape
    assert owner.path == ("owner", "name")
    assert (either.schema, either.nullable) == (None, True)
    for annotation in (int, dict[str, int], CompanyOut, CompanyOut | None, ...):
        assert item_shape(annotation) is None
    assert item_shape(tuple[CompanyOut, ...]).schema is CompanyOut
