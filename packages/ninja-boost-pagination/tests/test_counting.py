"""Order and counts of pages by number, on every database."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.models import Count, F, OrderBy
from django.db.models.functions import Lower
from django.test.utils import CaptureQueriesContext

from ninja_boost_core.steps import run
from ninja_boost_pagination import OffsetPagination
from ninja_boost_pagination._counting import estimate, steady

from .models import Country, Entry, Named, Pair, Special

pytestmark = pytest.mark.django_db(databases="__all__")


def page(source: Any, number: int = 1, size: int = 2, count: Any = "exact") -> dict[str, Any]:
    pagination = OffsetPagination(count=count, max_size=1000)
    query = pagination.query_model()(page=number, size=size)
    return dict(run(pagination.page(source, query, None)).body)


@pytest.mark.parametrize(
    ("rows", "number", "queries"),
    [
        (0, 1, 1),  # an empty list is no page beyond the end
        (1, 1, 1),
        (2, 1, 1),  # exactly full: the row after it is missing
        (3, 1, 2),
        (3, 2, 1),
        (4, 2, 1),
        (5, 2, 2),
        (3, 3, 2),  # beyond the end
        (0, 2, 2),
    ],
)
def test_rows_are_counted_only_if_the_page_does_not_tell(
    alias: str, rows: int, number: int, queries: int, django_assert_num_queries: Any
) -> None:
    Country.objects.using(alias).bulk_create(Country(name="x", code=str(n)) for n in range(rows))
    with django_assert_num_queries(queries, using=alias):
        found = page(Country.objects.using(alias).all(), number)
    assert found["total"] == rows
    assert found["pages"] == max(1, (rows + 1) // 2)
    assert len(found["items"]) == max(0, min(2, rows - 2 * (number - 1)))


def test_a_count_carries_no_more_than_it_needs() -> None:
    Country.objects.bulk_create(Country(name=str(n), code=str(n)) for n in range(9))
    queryset = Country.objects.annotate(low=Lower("name")).order_by("low", "name")
    with CaptureQueriesContext(
        connections["default"],
    ) as queries:
        assert page(queryset)["total"] == 9
    _, counted = [query["sql"] for query in queries.captured_queries]
    assert counted == 'SELECT COUNT(*) AS "__count" FROM "tests_country"'


def test_the_highest_page_asks_nothing_impossible(alias: str) -> None:
    Country.objects.using(alias).create(name="x", code="x")
    found = page(Country.objects.using(alias).all(), 2**31 - 1, 1000)
    assert (found["items"], found["total"], found["pages"]) == ([], 1, 1)


@pytest.mark.django_db(transaction=True, databases="__all__")  # MariaDB's ANALYZE commits
def test_the_planner_estimates_whole_tables(alias: str) -> None:
    Country.objects.using(alias).bulk_create(
        Country(name="x", code=f"{n:02x}"[-2:]) for n in range(250)
    )
    with connections[alias].cursor() as cursor:
        cursor.execute("ANALYZE TABLE tests_country" if alias == "mariadb" else "ANALYZE")
    countries = Country.objects.using(alias)
    planner = estimate(countries.order_by("name"))
    if alias == "default":
        assert planner is None
    else:
        assert planner is not None
        assert planner.get() > 0
        with CaptureQueriesContext(connections[alias]) as queries:
            assert page(countries.all(), count="estimated")["total"] > 0
        assert len(queries.captured_queries) == 2
        assert "COUNT(" not in queries.captured_queries[1]["sql"]
        # A page that ends the list knows better.
        Country.objects.using(alias).filter(code__gte="f0").delete()
        assert page(countries.all(), 120, count="estimated")["total"] == 240
    for queryset in (
        countries.filter(name="x"),
        countries.exclude(name="x"),
        countries.filter(entries__rank=1),
        countries.distinct(),
        countries.all()[:10],
        countries.annotate(n=Count("entries")),
        countries.union(countries.all()),
        countries.extra(where=["1=1"]),
    ):
        assert estimate(queryset) is None


def test_a_useless_estimate_is_not_used(alias: str) -> None:
    if alias == "mariadb":
        pytest.skip("MariaDB keeps its estimate up to date by itself")
    Named.objects.using(alias).bulk_create(Named(name="x") for _ in range(5))
    assert page(Named.objects.using(alias).all(), count="estimated")["total"] == 5


def test_without_a_count_there_is_no_total(alias: str, django_assert_num_queries: Any) -> None:
    Country.objects.using(alias).bulk_create(Country(name="x", code=str(n)) for n in range(5))
    for number in (1, 3, 9):
        with django_assert_num_queries(1, using=alias):
            found = page(Country.objects.using(alias).all(), number, count="none")
        assert (found["total"], found["pages"]) == (None, None)


def test_every_page_is_in_an_order_without_ties(alias: str) -> None:
    Named.objects.using(alias).bulk_create(Named(name="same") for _ in range(30))
    pages = [page(Named.objects.using(alias).all(), n, 7)["items"] for n in range(1, 6)]
    assert len({row.pk for rows in pages for row in rows}) == 30


@pytest.mark.parametrize(
    ("queryset", "order"),
    [
        (lambda: Country.objects.all(), ["pk"]),
        (lambda: Country.objects.order_by("name"), ["name", "id"]),
        (lambda: Country.objects.order_by("-name"), ["-name", "-id"]),
        (lambda: Country.objects.order_by(F("name").desc()), ["-name", "-id"]),
        (lambda: Country.objects.order_by("name", "-pk"), ["name", "-pk"]),
        (lambda: Country.objects.order_by("id", "name"), ["id", "name"]),
        (lambda: Country.objects.order_by("?"), ["?"]),
        (lambda: Named.objects.all(), ["name", "id"]),
        (lambda: Named.objects.order_by(), ["pk"]),
        (lambda: Special.objects.all(), ["pk"]),
        (lambda: Special.objects.order_by("-name"), ["-name", "-named_ptr_id"]),
        (lambda: Pair.objects.order_by("label"), ["label", "left", "right"]),
        (lambda: Pair.objects.order_by("left", "right"), ["left", "right"]),
        (lambda: Country.objects.all()[:3], []),
        (lambda: Country.objects.none(), []),
        (lambda: Country.objects.values("name").distinct(), []),
        (lambda: Country.objects.values("name").annotate(n=Count("id")), []),
        (lambda: Country.objects.all().union(Country.objects.all()), []),
        (lambda: Entry.objects.order_by("rank").distinct("rank"), ["rank"]),
    ],
)
def test_the_order_is_completed_where_it_can_be(queryset: Any, order: list[Any]) -> None:
    assert [spelt(item) for item in steady(queryset()).query.order_by] == order


def spelt(item: Any) -> str:
    if isinstance(item, OrderBy):
        return "-" * item.descending + item.expression.name
    return str(item)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "OffsetPagination: size is 0; give a number from 1"),
        ({"size": -1}, "size is -1"),
        ({"size": True}, "size is True; give an integer"),
        ({"size": "20"}, "size is '20'; give an integer"),
        ({"max_size": 0}, "max_size is 0"),
        ({"max_size": 10**9}, "max_size is 1000000000"),
        ({"size": 5, "max_size": 4}, "size is 5, which is more than max_size, 4"),
        ({"count": "guess"}, "count is 'guess'; give one of exact, estimated, none"),
    ],
)
def test_wrong_arguments_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=message):
        OffsetPagination(**options)


def test_an_explicit_size_may_exceed_the_setting() -> None:
    assert (OffsetPagination(size=500).size, OffsetPagination(size=500).max_size) == (500, 500)
    assert (OffsetPagination(max_size=5).size, OffsetPagination(max_size=5).max_size) == (5, 5)


def test_rows_that_are_fetched_already_are_used() -> None:
    entry = Entry.objects.create(created=datetime.datetime.now(datetime.UTC), rank=1)
    rows = Entry.objects.all()
    assert list(rows) == [entry]
    # Fetched already: nothing is asked again.
    with CaptureQueriesContext(connections["default"]) as queries:
        assert page(rows)["total"] == 1
    assert not queries.captured_queries
