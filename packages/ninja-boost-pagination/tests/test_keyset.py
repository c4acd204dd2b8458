"""Walks over rows that others insert and delete meanwhile, on every database."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db.models import F, QuerySet
from hypothesis import HealthCheck, given, note
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ninja_boost_pagination import _keyset, _ordering, _token
from ninja_boost_pagination._steps import run

from .models import Country, Entry

ALIASES = ["default", "postgresql", "mariadb"]
MOMENTS = [
    datetime.datetime(2026, 1, 1, 12, 0, 0, n, tzinfo=datetime.UTC) for n in (0, 1, 2, 999_999)
]


@pytest.fixture(params=ALIASES)
def alias(request: pytest.FixtureRequest) -> str:
    if reason := settings.MISSING_DATABASES.get(request.param):
        pytest.skip(reason)
    chosen: str = request.param
    return chosen


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
    keyset = _ordering.bind(queryset, _ordering.declare(fields))
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
    expected = [row.pk for row in _ordering.bind(queryset, _ordering.declare(fields)).ordered()]
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
    everything = [row.pk for row in _ordering.bind(queryset, _ordering.declare(fields)).ordered()]
    note(f"{everything} {[row.pk for row in found.rows]}")
    assert (found.preceding is not None) == (found.rows[0].pk != everything[0])
    assert (found.following is not None) == (found.rows[-1].pk != everything[-1])
