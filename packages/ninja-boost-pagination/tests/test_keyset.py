"""Walks over rows that others insert and delete meanwhile, on every database."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.models import Count, F, Min, QuerySet
from django.db.models.functions import Lower
from hypothesis import HealthCheck, given, note
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ninja_boost_core.steps import run
from ninja_boost_pagination import _binding, _keyset, _ordering, _token

from .models import Country, Entry, Pair, Special, Tag

MOMENTS = [
    datetime.datetime(2026, 1, 1, 12, 0, 0, n, tzinfo=datetime.UTC) for n in (0, 1, 2, 999_999)
]


pytestmark = pytest.mark.django_db(databases="__all__")

ROWS = st.fixed_dictionaries(
    {
        "created": st.sampled_from(MOMENTS),
        "rank": st.integers(0, 2),
        "score": st.none() | st.integers(-1, 1),
        "name": st.none() | st.sampled_from(["", "a", "A", "b", "é", "zz"]),
        "price": st.none() | st.sampled_from([Decimal("0.10"), Decimal(-7), Decimal("99999.99")]),
        "ratio": st.none() | st.sampled_from([0.1, 0.30000000000000004, -1e300, 1.0]),
        "day": st.none() | st.dates(datetime.date(2026, 1, 1), datetime.date(2026, 1, 3)),
        "active": st.none() | st.booleans(),
        "token": st.uuids(version=4),
        "span": st.none() | st.timedeltas(datetime.timedelta(0), datetime.timedelta(0, 1)),
        "country_id": st.none() | st.integers(1, 3),
    }
)
PLAIN = [
    "created",
    "rank",
    "score",
    "name",
    "price",
    "ratio",
    "day",
    "active",
    "token",
    "span",
    "country",
    "country__name",
    "country__code",
]


@st.composite
def sort_fields(draw: st.DrawFn) -> list[Any]:
    names = draw(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=3, unique=True))
    fields: list[Any] = []
    for name in names:
        kind = draw(st.sampled_from(["asc", "desc", "asc", "desc", "first", "last", "flipped"]))
        if kind in ("asc", "desc"):
            fields.append("-" * (kind == "desc") + name)
        elif kind == "first":
            fields.append(F(name).asc(nulls_first=True))
        elif kind == "last":
            fields.append(F(name).desc(nulls_last=True))
        else:
            fields.append(F(name).asc(nulls_last=True))
    if draw(st.booleans()):
        fields.append(draw(st.sampled_from(["pk", "-id"])))
    return fields


def fill(alias: str, rows: list[dict[str, Any]]) -> None:
    Entry.objects.using(alias).all().delete()
    if not Country.objects.using(alias).exists():
        Country.objects.using(alias).bulk_create(
            Country(id=n, name=name, code=code)
            for n, name, code in ((1, "X", "aa"), (2, "X", "bb"), (3, "Y", "cc"))
        )
    Entry.objects.using(alias).bulk_create(Entry(**row) for row in rows)


def step(
    queryset: QuerySet[Any], fields: list[Any], cursor: _token.Cursor | None, size: int
) -> _keyset.Slice:
    keyset = _binding.bind(queryset, _ordering.declare(fields))
    if cursor is not None:  # as a client gives it back
        cursor = _token.decode(_token.encode(cursor, "scope"), "scope")
    return run(_keyset.page(keyset, cursor, size))


def walk(
    queryset: QuerySet[Any], fields: list[Any], size: int, start: _token.Cursor | None = None
) -> Iterator[_keyset.Slice]:
    cursor = start
    while True:
        found = step(queryset, fields, cursor, size)
        yield found
        cursor = found.following
        if cursor is None:
            return


def relaxed(examples: int) -> hypothesis_settings:
    return hypothesis_settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@given(
    rows=st.lists(ROWS, max_size=14),
    fields=sort_fields(),
    size=st.integers(1, 5),
)
@relaxed(80)
def test_pages_forward_and_back_hold_each_row_once_in_order(
    alias: str, rows: list[dict[str, Any]], fields: list[Any], size: int
) -> None:
    fill(alias, rows)
    queryset = Entry.objects.using(alias).all()
    expected = [row.pk for row in _binding.bind(queryset, _ordering.declare(fields)).ordered()]
    assert sorted(expected) == sorted(queryset.values_list("pk", flat=True))

    pages = list(walk(queryset, fields, size))
    forward = [[row.pk for row in found.rows] for found in pages]
    assert [pk for some in forward for pk in some] == expected
    assert all(len(some) == size for some in forward[:-1])
    assert pages[0].preceding is None
    assert all(found.preceding is not None for found in pages[1:])

    backward = [forward[-1]]
    cursor = pages[-1].preceding
    while cursor is not None:
        found = step(queryset, fields, cursor, size)
        backward.insert(0, [row.pk for row in found.rows])
        assert found.following is not None
        cursor = found.preceding
    assert backward == forward


@given(data=st.data())
@relaxed(80)
def test_rows_that_stay_are_visited_once_while_others_come_and_go(
    alias: str, data: st.DataObject
) -> None:
    fill(alias, data.draw(st.lists(ROWS, max_size=12)))
    fields = data.draw(sort_fields())
    size = data.draw(st.integers(1, 4))
    queryset = Entry.objects.using(alias).all()
    lasting = set(queryset.values_list("pk", flat=True))

    seen: list[int] = []
    cursor: _token.Cursor | None = None
    backward = False
    while True:
        found = step(queryset, fields, cursor, size)
        check_flags(queryset, fields, found)
        seen += [row.pk for row in found.rows]
        cursor = found.preceding if backward else found.following
        if cursor is None and not backward:
            # Turn round at the end: from there each row must come once more.
            assert lasting <= set(seen)
            assert len(seen) == len(set(seen))
            seen = [row.pk for row in found.rows]
            backward = True
            cursor = found.preceding
        if cursor is None:
            break
        doomed = data.draw(
            st.lists(st.sampled_from(sorted(queryset.values_list("pk", flat=True)) or [0]))
        )
        lasting -= set(doomed)
        queryset.filter(pk__in=doomed).delete()
        added = data.draw(st.lists(ROWS, max_size=1))
        Entry.objects.using(alias).bulk_create(Entry(**row) for row in added)
    assert lasting <= set(seen)
    assert len(seen) == len(set(seen))


def check_flags(queryset: QuerySet[Any], fields: list[Any], found: _keyset.Slice) -> None:
    """A cursor is there exactly when there is a row on its side."""
    if not found.rows:
        return
    everything = [row.pk for row in _binding.bind(queryset, _ordering.declare(fields)).ordered()]
    note(f"{everything} {[row.pk for row in found.rows]}")
    assert (found.preceding is not None) == (found.rows[0].pk != everything[0])
    assert (found.following is not None) == (found.rows[-1].pk != everything[-1])


def make(alias: str, **columns: Any) -> Entry:
    values: dict[str, Any] = {"created": MOMENTS[0], "rank": 0, **columns}
    return Entry.objects.using(alias).create(**values)


def visited(queryset: QuerySet[Any], fields: list[Any], size: int = 2) -> list[Any]:
    return [row for found in walk(queryset, fields, size) for row in found.rows]


def test_annotations_and_expressions_are_keys(alias: str) -> None:
    fill(alias, [])
    for number, name in enumerate(["b", "A", None, "a", "C"]):
        entry = make(alias, name=name, rank=number)
        for _ in range(number % 3):
            entry.tags.add(Tag.objects.using(alias).create(label="x"))
    entries = Entry.objects.using(alias)

    counted = visited(entries.annotate(number=Count("tags")), ["-number", "rank"])
    assert [(row.number, row.rank) for row in counted] == [(2, 2), (1, 1), (1, 4), (0, 0), (0, 3)]
    hidden = visited(entries.alias(number=Count("tags")), ["-number", "rank"])
    assert [row.rank for row in hidden] == [2, 1, 4, 0, 3]

    lower = F("rank").desc()
    by_expression = visited(entries.all(), [Lower("name").asc(nulls_last=True), lower])
    assert [row.name for row in by_expression] == ["a", "A", "b", "C", None]
    assert visited(entries.annotate(low=Min("tags__label")), ["low"])


def test_one_query_gives_a_page_and_its_two_flags(
    alias: str, django_assert_num_queries: Any
) -> None:
    fill(alias, [])
    rows = [make(alias, rank=n // 2, country=None) for n in range(9)]
    entries = Entry.objects.using(alias).only("id", "country")
    with django_assert_num_queries(1, using=alias):
        first = step(entries, ["rank", "country__name"], None, 3)
    entries = Entry.objects.using(alias).only("id")
    first = step(entries, ["rank"], None, 3)
    with django_assert_num_queries(1, using=alias):
        second = step(entries, ["rank"], first.following, 3)
    assert [row.pk for row in second.rows] == [row.pk for row in rows[3:6]]
    assert second.preceding
    assert second.following
    with django_assert_num_queries(1, using=alias):
        step(entries, ["rank"], second.preceding, 3)
    # The row of the position is the proof that there is one before; without it, one more query.
    rows[2].delete()
    with django_assert_num_queries(2, using=alias):
        found = step(entries, ["rank"], first.following, 3)
    assert found.preceding


def test_a_page_that_emptied_still_leads_back(alias: str) -> None:
    fill(alias, [])
    rows = [make(alias, rank=n) for n in range(4)]
    first = step(Entry.objects.using(alias).all(), ["rank"], None, 2)
    for row in rows[2:]:
        row.delete()
    empty = step(Entry.objects.using(alias).all(), ["rank"], first.following, 2)
    assert (empty.rows, empty.following) == ([], None)
    back = step(Entry.objects.using(alias).all(), ["rank"], empty.preceding, 2)
    assert [row.rank for row in back.rows] == [0, 1]
    assert (back.following, back.preceding) == (None, None)

    Entry.objects.using(alias).all().delete()
    nothing = step(Entry.objects.using(alias).all(), ["rank"], first.following, 2)
    assert nothing == _keyset.Slice([], None, None)
    # A row that comes in behind a page that leads back is after that page.
    make(alias, rank=9)
    again = step(Entry.objects.using(alias).all(), ["rank"], empty.preceding, 2)
    assert (again.rows, again.preceding) == ([], None)
    assert again.following is not None
    there = step(Entry.objects.using(alias).all(), ["rank"], again.following, 2)
    assert [row.rank for row in there.rows] == [9]


def test_rows_that_a_join_repeats_do_not_stop_the_walk(alias: str) -> None:
    fill(alias, [])
    entries = [make(alias, rank=n) for n in range(3)]
    for entry in entries:
        for _ in range(5):
            entry.tags.add(Tag.objects.using(alias).create(label="x"))
    joined = Entry.objects.using(alias).filter(tags__label="x")
    assert {row.rank for row in visited(joined, ["rank"])} == {0, 1, 2}


def test_values_rows_carry_their_position(alias: str) -> None:
    fill(alias, [])
    for rank in (2, 0, 1):
        make(alias, rank=rank)
    rows = visited(Entry.objects.using(alias).values("pk", "rank"), ["rank"])
    assert [row["rank"] for row in rows] == [0, 1, 2]
    assert set(rows[0]) == {"pk", "rank"}


def test_any_kind_of_primary_key_breaks_ties(alias: str) -> None:
    for _ in range(5):
        Special.objects.using(alias).create(name="same")
    assert len({row.pk for row in visited(Special.objects.using(alias).all(), ["name"])}) == 5

    Pair.objects.using(alias).bulk_create(
        Pair(left=left, right=right, label="x") for left in range(3) for right in range(3)
    )
    pairs = Pair.objects.using(alias).all()
    for fields in (["label"], ["pk"], ["-left"], ["-pk"], ["label", "-right"]):
        rows = visited(pairs, fields)
        assert len({row.pk for row in rows}) == len(rows) == 9
    assert visited(pairs, ["-pk"])[0].pk == (2, 2)


def test_infinite_floats_are_positions(alias: str) -> None:
    if alias == "mariadb":
        pytest.skip("MariaDB has no infinite numbers")
    fill(alias, [])
    for ratio in (float("inf"), 1.0, float("-inf")):
        make(alias, ratio=ratio)
    rows = visited(Entry.objects.using(alias).all(), ["ratio"], 1)
    assert [row.ratio for row in rows] == [float("-inf"), 1.0, float("inf")]


def test_nan_is_a_position_where_there_is_one() -> None:
    if reason := settings.MISSING_DATABASES.get("postgresql"):
        pytest.skip(reason)
    fill("postgresql", [])
    for ratio in (1.0, float("nan"), float("nan")):
        make("postgresql", ratio=ratio)
    assert len(visited(Entry.objects.using("postgresql").all(), ["ratio"], 1)) == 3


def test_a_unique_column_needs_no_tie_breaker() -> None:
    keyset = _binding.bind(Country.objects.all(), _ordering.declare(["name", "code", "id"]))
    assert [term.lookup for term in keyset.terms] == ["name", "code"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["nme"], "no such field.*Its fields are: .*name"),
        (["tags__label"], "leads to many rows"),
        (["name__length"], "no such field"),
        (["tags"], "no single column"),
    ],
)
def test_a_wrong_field_is_named(fields: list[Any], message: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=message):
        _binding.bind(Entry.objects.all(), _ordering.declare(fields))


@pytest.mark.parametrize("fields", [[], ["a b"], ["?"], [3], ["name", "-name"], ["-"], [None]])
def test_what_is_no_key_is_refused(fields: list[Any]) -> None:
    with pytest.raises(ImproperlyConfigured, match="cursor"):
        _ordering.declare(fields)


@pytest.mark.parametrize(
    ("queryset", "message"),
    [
        (lambda: Entry.objects.all()[:3], "is sliced"),
        (lambda: Entry.objects.all().union(Entry.objects.all()), "is a union"),
        (lambda: Entry.objects.distinct("rank"), "is distinct on some fields"),
        (lambda: Entry.objects.values("rank").annotate(n=Count("id")), "is grouped"),
        (lambda: Entry.objects.values_list("rank"), "gives tuples"),
        (lambda: Entry.objects.values("rank"), "add 'id'"),
    ],
)
def test_a_queryset_that_cannot_be_walked_is_refused(queryset: Any, message: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=message):
        _binding.bind(queryset(), _ordering.declare(["rank"]))


def test_positions_of_another_shape_are_refused() -> None:
    keyset = _binding.bind(Entry.objects.all(), _ordering.declare(["rank"]))
    for values in ((1,), (1, 2, 3), (None, 1), ("x", 1)):
        with pytest.raises(_token.BadCursor):
            keyset.accept(values)


@pytest.mark.parametrize("fields", [["rank"], ["-rank"], ["score"], ["-score"]])
@pytest.mark.django_db(transaction=True, databases="__all__")  # MariaDB's ANALYZE commits
def test_every_part_starts_in_an_index(alias: str, fields: list[str]) -> None:
    """No part of a page reads the rows before its position, or sorts those after it."""
    fill(alias, [])
    Entry.objects.using(alias).bulk_create(
        Entry(created=MOMENTS[0], rank=n // 3, score=n if n % 4 else None, name="x" * 20)
        for n in range(2000)
    )
    with connections[alias].cursor() as cursor:
        cursor.execute("ANALYZE TABLE tests_entry" if alias == "mariadb" else "ANALYZE")
    keyset = _binding.bind(Entry.objects.using(alias).all(), _ordering.declare(fields))
    middle = Entry.objects.using(alias).order_by("id")[1001].pk
    first = (333, middle) if "rank" in fields[0] else (1001, middle)
    positions = [first, (None, middle)] if "score" in fields[0] else [first]
    for walked in (keyset, keyset.reversed()):
        for position in positions:
            for part in _keyset.beyond(walked, position, inclusive=True):
                plan = f"{part[:5].query}\n{part[:5].explain()}"
                assert re.search(STARTS[alias], plan), plan
                assert not re.search(WHOLE[alias], plan), plan


STARTS = {
    "default": "SEARCH tests_entry USING",
    "postgresql": "Index Cond",
    "mariadb": "tests_entry (range|ref) ",
}
WHOLE = {"default": "SCAN|TEMP B-TREE", "postgresql": "Seq Scan", "mariadb": "filesort"}
