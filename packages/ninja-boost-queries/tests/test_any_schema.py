"""Whatever schema, queryset and options: the same answer, and never more queries."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.core.exceptions import FieldError
from django.db.models import Count, Prefetch
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from ninja import Schema
from pydantic import Field, create_model

from ninja_boost_queries import Queries

from . import models
from .support import both, fill

pytestmark = pytest.mark.django_db(databases=list(settings.DATABASES))


class Link(NamedTuple):
    model: str
    many: bool = False


@dataclass
class Kind:
    columns: dict[str, Any]
    links: dict[str, Link] = field(default_factory=dict)
    code: dict[str, Any] = field(default_factory=dict)


GRAPH = {
    "Country": Kind({"id": int, "name": str}, {"companies": Link("Company", True)}),
    "Company": Kind(
        {"name": str, "country_id": int},
        {"country": Link("Country"), "people": Link("Person", True)},
    ),
    "Person": Kind(
        {"id": int, "name": str, "email": str, "company_id": int | None},
        {
            "company": Link("Company"),
            "mentor": Link("Person"),
            "pupils": Link("Person", True),
            "friends": Link("Person", True),
            "profile": Link("Profile"),
            "orders": Link("Order", True),
            "places": Link("Place", True),
        },
        {"shouted": str, "greeting": str, "origin": str},
    ),
    "Vip": Kind({"name": str}, {"company": Link("Company"), "orders": Link("Order", True)}),
    "Profile": Kind({"bio": str}, {"person": Link("Person"), "country": Link("Country")}),
    "Order": Kind(
        {"number": int, "note": str},
        {
            "customer": Link("Person"),
            "labels": Link("Label", True),
            "lines": Link("Line", True),
            "seats": Link("Seat", True),
            "comments": Link("Comment", True),
        },
    ),
    "Label": Kind({"name": str}, {"owner": Link("Person"), "orders": Link("Order", True)}),
    "Line": Kind(
        {"quantity": int},
        {"order": Link("Order"), "product": Link("Product"), "depot": Link("Depot")},
    ),
    "Product": Kind(
        {"code": str, "price": int},
        {"maker": Link("Company"), "categories": Link("Category", True)},
    ),
    "Category": Kind(
        {"name": str},
        {
            "parent": Link("Category"),
            "children": Link("Category", True),
            "products": Link("Product", True),
        },
    ),
    "Depot": Kind({"name": str}, {"country": Link("Country")}),
    "Seat": Kind({"number": int}, {"order": Link("Order"), "taken_by": Link("Person")}),
    "Comment": Kind({"text": str}, {"author": Link("Person"), "target": Link("Anything")}),
    "Anything": Kind({"id": int}),
    "Place": Kind({"name": str}, {"owner": Link("Person"), "restaurant": Link("Restaurant")}),
    "Restaurant": Kind(
        {"name": str, "stars": int}, {"owner": Link("Person"), "chef": Link("Person")}
    ),
}


@st.composite
def schemas(draw, name: str, levels: int) -> Any:
    kind = GRAPH[name]
    fields: dict[str, Any] = {}
    for column in draw(st.sets(st.sampled_from(sorted(kind.columns)))):
        fields[column] = (kind.columns[column], ...)
    for code in draw(st.sets(st.sampled_from(sorted(kind.code)), max_size=1)) if kind.code else ():
        fields[code] = (kind.code[code], ...)
    links = draw(st.sets(st.sampled_from(sorted(kind.links)), max_size=3)) if kind.links else ()
    for link in links if levels else ():
        target, many = kind.links[link]
        inner = draw(schemas(target, levels - 1))
        alias = draw(st.booleans())
        default = Field([] if many else None, alias=link) if alias else ([] if many else None)
        fields[f"of_{link}" if alias else link] = (list[inner] if many else inner | None, default)
        if not many and draw(st.booleans()):
            column = draw(st.sampled_from(sorted(GRAPH[target].columns)))
            fields[f"{link}_{column}"] = (Any, Field(None, alias=f"{link}.{column}"))
    return create_model(f"{name}Out", __base__=Schema, **fields)


@st.composite
def paths(draw, name: str, many: bool) -> str:
    """A chain of relations; to one row each unless ``many``."""
    found: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        links = {
            link: target
            for link, target in GRAPH[name].links.items()
            if (many or not target.many) and target.model != "Anything"
        }
        if not links:
            break
        link = draw(st.sampled_from(sorted(links)))
        found.append(link)
        name = links[link].model
    return "__".join(found)


def lookup(path: str) -> str:
    return path.replace("profile", "about")


@st.composite
def changes(draw, name: str) -> Any:
    """Something that a view does to its queryset."""
    kind = draw(st.sampled_from(["join", "prefetch", "own", "only", "defer", "distinct", "count"]))
    model = getattr(models, name)
    if kind in ("join", "prefetch"):
        path = draw(paths(name, many=kind == "prefetch"))
        if not path:
            return lambda rows: rows
        if kind == "join":
            return lambda rows: rows.select_related(lookup(path))
        return lambda rows: rows.prefetch_related(path)
    if kind == "own":
        links = [link for link, to in GRAPH[name].links.items() if to.many]
        if not links:
            return lambda rows: rows
        link = draw(st.sampled_from(sorted(links)))
        to = GRAPH[name].links[link].model
        inner = draw(st.one_of(st.just(lambda rows: rows), changes(to)))
        related = getattr(models, to)
        return lambda rows: rows.prefetch_related(
            Prefetch(link, inner(related._default_manager.order_by("pk")))
        )
    columns = sorted({column.removesuffix("_id") for column in GRAPH[name].columns} - {"id"})
    if kind in ("only", "defer") and columns:
        names = draw(st.sets(st.sampled_from(columns), min_size=1))
        return lambda rows: getattr(rows, kind)(*names)
    if kind == "distinct":
        return lambda rows: rows.distinct()
    if kind == "count" and model is not models.Seat:
        return lambda rows: rows.annotate(number_of=Count("pk"))
    return lambda rows: rows


@st.composite
def cases(draw) -> Any:
    name = draw(st.sampled_from(sorted(set(GRAPH) - {"Anything"})))
    schema = draw(schemas(name, 3))
    done = draw(st.lists(changes(name), max_size=2))
    start, size = draw(st.integers(0, 2)), draw(st.integers(0, 3))
    queries = Queries(only=draw(st.booleans()), depth=draw(st.integers(1, 5)))
    return name, schema, done, slice(start, start + size), queries


def check(case, alias):
    name, schema, done, window, queries = case

    def rows():
        found = getattr(models, name)._default_manager.using(alias).order_by("pk")
        for change in done:
            found = change(found)
        return found[window]

    try:
        list(rows())
    except (FieldError, ValueError, TypeError):
        return  # Django refuses what the view does
    both(rows, list[schema], queries=queries, alias=alias)


# The same examples each time: to look for others, take derandomize away.
ALIKE = {"derandomize": True, "suppress_health_check": list(HealthCheck)}


@given(case=cases())
@examples(max_examples=40, **ALIKE)
def test_a_plan_changes_no_answer_and_adds_no_query(filled, case):
    check(case, "default")


@pytest.mark.slow
@given(case=cases())
@examples(max_examples=300, **ALIKE)
def test_many_more(filled_everywhere, case):
    check(case, filled_everywhere)


@pytest.fixture
def filled():
    fill(3)


@pytest.fixture
def filled_everywhere(alias):
    fill(3, using=alias)
    return alias
