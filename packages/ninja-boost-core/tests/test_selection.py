"""Columns that were looked up once, and Django's own way to them."""

from __future__ import annotations

import pytest
from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.db.models.sql import Query

from ninja_boost_core import selection
from ninja_boost_core.selection import Selection

from .models import Company, Flight, Jet, Plane, Small

pytestmark = pytest.mark.django_db

NAMES = {
    Plane: [
        ("id",),
        ("name", "seats"),
        ("id", "company_id"),
        ("id", "company__id"),
        ("name", "company__id", "company__name"),
        ("company__name", "second__name"),
    ],
    Small: [("name", "company__name")],
    Jet: [("id", "name", "engines"), ("engines",), ("engines", "company__name", "plane_ptr_id")],
    Flight: [("number",), ("number", "plane__name", "plane__company__name")],
}
CASES = [(model, names) for model, all_names in NAMES.items() for names in all_names]
BEFORE = {
    "all": lambda rows: rows,
    "ordered": lambda rows: rows.order_by("-pk"),
    "ordered by another table": lambda rows: rows.order_by("company__name", "pk"),
    "filtered": lambda rows: rows.filter(pk__gt=1).exclude(pk=3),
    "filtered twice": lambda rows: rows.filter(pk__gt=1).filter(Q(pk__lt=9) | Q(pk=12)),
    "filtered by another table": lambda rows: rows.filter(company__name="c0"),
    "sliced": lambda rows: rows.order_by("pk")[1:3],
    "joined": lambda rows: rows.select_related(None),
    "joined by name": lambda rows: rows.select_related("company"),
    "only": lambda rows: rows.only("pk"),
    "deferred": lambda rows: rows.defer(rows.model._meta.concrete_fields[-1].name),
    "none": lambda rows: rows.none(),
    "subquery": lambda rows: rows.filter(Exists(Company.objects.filter(pk=OuterRef("pk")))),
}
AFTER = {
    "nothing": lambda rows: rows,
    "filtered": lambda rows: rows.filter(pk__gt=1),
    "filtered by another table": lambda rows: rows.filter(company__name="c0"),
    "excluded by many": lambda rows: rows.exclude(flight__number="1"),
    "sliced": lambda rows: rows[:2],
    "ordered": lambda rows: rows.order_by("company__name", "-pk"),
    "counted": lambda rows: rows.annotate(n=Count("flight")),
    "filtered relation": lambda rows: rows.annotate(
        own=FilteredRelation("flight", condition=Q(flight__number="1"))
    ).filter(own__number="1"),
    "computed": lambda rows: rows.annotate(twice=F("pk") * 2),
    "values": lambda rows: rows.values("pk"),
    "in": lambda rows: type(rows)(rows.model).filter(pk__in=rows.values("pk")),
}


@pytest.fixture(autouse=True)
def rows():
    companies = [Company.objects.create(name=f"c{number % 2}") for number in range(3)]
    for number in range(5):
        jet = Jet.objects.create(
            name=f"p{number}", company=companies[number % 3], second=companies[0]
        )
        Flight.objects.create(plane=jet, number=str(number))


def same(ours: QuerySet, djangos: QuerySet) -> None:
    if not ours.query.is_empty():
        assert str(ours.query) == str(djangos.query)
    assert ours.query.select == djangos.query.select
    assert list(ours) == list(djangos)


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize(("model", "names"), CASES)
def test_it_is_the_query_of_values_list(model, names, before):
    if model is Flight and "another table" in before:
        pytest.skip("A flight has no company.")
    if model is not Plane and "by name" in before:
        pytest.skip("Of the planes only.")
    queryset = BEFORE[before](model.objects.all())
    rows = list(queryset)
    same(Selection(model, names)(queryset), queryset.values_list(*names))
    assert list(queryset.all()) == rows


@pytest.mark.parametrize("before", ["all", "filtered"])
@pytest.mark.parametrize("after", AFTER)
def test_it_can_be_refined_like_that(before, after):
    queryset = BEFORE[before](Plane.objects.order_by("pk"))
    for names in NAMES[Plane]:
        chosen = Selection(Plane, names)
        same(AFTER[after](chosen(queryset)), AFTER[after](queryset.values_list(*names)))
        # Nothing that came after is left in what serves the next query.
        same(chosen(queryset), queryset.values_list(*names))


def test_names_are_looked_up_once(monkeypatch):
    chosen = Selection(Plane, ("name", "company__name"))
    looked_up = []
    names_to_path = Query.names_to_path
    monkeypatch.setattr(
        Query,
        "names_to_path",
        lambda *args, **kwargs: looked_up.append(args[1]) or names_to_path(*args, **kwargs),
    )
    chosen(Plane.objects.all())
    assert looked_up == []
    chosen(Plane.objects.filter(company__name="c0"))
    assert ["company", "name"] in looked_up


@pytest.mark.parametrize("change", ["more", "less"])
def test_another_djangos_way_is_left_to_django(monkeypatch, change):
    set_values = Query.set_values

    def changed(query, fields):
        set_values(query, fields)
        query.of_another_django = fields

    if change == "more":
        monkeypatch.setattr(Query, "set_values", changed)
    else:
        monkeypatch.setattr(selection, "_REPLACED", (*selection._REPLACED, "long_gone"))
    queryset = Plane.objects.order_by("pk")
    chosen = Selection(Plane, ("name",))
    same(chosen(queryset), queryset.values_list("name"))
    assert chosen._replaced is None


def test_a_query_of_another_kind_is_left_to_django():
    class Own(Query):
        pass

    queryset = QuerySet(Plane, Own(Plane)).order_by("pk")
    found = Selection(Plane, ("name",))(queryset)
    assert type(found.query) is Own
    same(found, queryset.values_list("name"))
