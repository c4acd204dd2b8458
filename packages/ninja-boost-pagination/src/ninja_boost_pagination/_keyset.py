"""Keyset pages: the rows after or before a position, without reading those in between.

Markus Winand describes the method at https://use-the-index-luke.com/no-offset. Here it is made
exact for ties, NULLs, several keys in mixed directions, and both ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.db.models.lookups import Lookup

from ninja_boost_core.steps import Steps

from ._binding import Keyset, Term
from ._steps import Exists, Fetch
from ._token import Cursor

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

__all__ = ["Slice", "beyond", "page"]


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page, in forward order, and the cursors that lead out of it.

    `following` and `preceding` are None exactly when there is no such row.
    """

    rows: list[Any]
    following: Cursor | None
    preceding: Cursor | None


def page(keyset: Keyset, cursor: Cursor | None, size: int) -> Steps[Slice]:
    """Work out the page of `size` rows to which `cursor` leads; None leads to the first.

    One query gives the page in the common case. It starts at the row of the position itself,
    which proves that there are rows on its other side, and it ends one row after the page. Only
    when the row of the position has gone is the other side asked for with EXISTS.
    """
    if cursor is None:
        rows = yield Fetch(keyset.ordered()[: size + 1])
        rows, more = rows[:size], len(rows) > size
        return Slice(rows, Cursor(keyset.position(rows[-1])) if more else None, None)

    walk = keyset.reversed() if cursor.backward else keyset
    position = keyset.accept(cursor.values)

    origin_seen = False
    if cursor.inclusive:
        rows = yield from _fetch(walk, position, inclusive=True, limit=size + 1)
    else:
        rows = yield from _fetch(walk, position, inclusive=True, limit=size + 2)
        origin = list(takewhile(lambda row: _same(keyset.position(row), position), rows))
        origin_seen = bool(origin)
        if len(origin) > 1:
            # A join repeats rows: the repetitions must not use up the page.
            rows = yield from _fetch(walk, position, inclusive=False, limit=size + 1)
        else:
            rows = rows[len(origin) :]
    rows, more = rows[:size], len(rows) > size

    if rows:
        ahead = Cursor(keyset.position(rows[-1])) if more else None
        start, inclusive = keyset.position(rows[0]), False
    else:
        ahead = None
        start, inclusive = position, not cursor.inclusive
    behind: Cursor | None = Cursor(start, inclusive=inclusive)
    if not origin_seen and not (yield from _exists(walk.reversed(), start, inclusive)):
        behind = None

    if cursor.backward:
        ahead, behind = behind, ahead
        rows.reverse()
    return Slice(rows, ahead, replace(behind, backward=True) if behind else None)


def _fetch(keyset: Keyset, position: Sequence[Any], *, inclusive: bool, limit: int) -> Steps[Any]:
    rows: list[Any] = []
    for part in beyond(keyset, position, inclusive=inclusive):
        rows += yield Fetch(part[: limit - len(rows)])
        if len(rows) >= limit:
            break
    return rows


def _exists(keyset: Keyset, position: Sequence[Any], inclusive: bool) -> Steps[bool]:
    for part in beyond(keyset, position, inclusive=inclusive):
        if (yield Exists(part)):
            return True
    return False


def beyond(
    keyset: Keyset, position: Sequence[Any], *, inclusive: bool = False
) -> Iterator[QuerySet[Any]]:
    """Yield ordered querysets that hold, one after the other, the rows after `position`."""
    for part in _parts(keyset.rows_compare, keyset.terms, position, inclusive):
        # MariaDB sorts by ``a`` where a IS NULL, unless it is told not to; PostgreSQL finds no
        # order in an index over (a, b) unless it is told to sort by both.
        leave_out = 0 if keyset.rows_compare else part.fixed
        yield keyset.ordered(leave_out).filter(*part.conditions)


def _same(values: Sequence[Any], others: Sequence[Any]) -> bool:
    # What is not even equal to itself is NaN, which databases sort as one value.
    pairs = zip(values, others, strict=True)
    return all(one == other or (one != one and other != other) for one, other in pairs)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the rows after a position, all equal in the first `fixed` terms."""

    conditions: list[Q | RowComparison]
    fixed: int = 0


def _parts(
    rows_compare: bool, terms: Sequence[Term], position: Sequence[Any], inclusive: bool
) -> list[_Part]:
    """Return the rows after `position`, in parts that follow each other.

    Usually it is one part. There are more where no database would find the start of a single
    one in its index: before ``a > x OR a IS NULL``, and where the direction changes.
    """
    first, value = terms[0], position[0]
    run = _comparable(rows_compare, terms, position)
    if run == len(terms):
        return [_Part(_compare(rows_compare, terms, position, inclusive))]
    if run or value is None:
        fixed = run or 1
        same = [_equal(*pair) for pair in zip(terms[:fixed], position[:fixed], strict=True)]
        parts = [
            _Part([*same, *part.conditions], fixed + part.fixed)
            for part in _parts(rows_compare, terms[fixed:], position[fixed:], inclusive)
        ]
        if run:
            parts.append(_Part(_compare(rows_compare, terms[:run], position[:run], False)))
        elif first.nulls_first:
            parts.append(_Part([first.where("isnull", False)]))
        return parts
    # NULLs follow all other values: they are a part of their own.
    terms = (replace(first, nulls_first=None), *terms[1:])
    parts = _parts(rows_compare, terms, position, inclusive)
    return [*parts, _Part([first.where("isnull", True)], 1)]


def _comparable(rows_compare: bool, terms: Sequence[Term], position: Sequence[Any]) -> int:
    """Return how many of the first terms one condition compares, without a thought of NULL."""
    for count, (term, value) in enumerate(zip(terms, position, strict=True)):
        if value is None or term.nulls_first is False:
            return count
        if rows_compare and term.descending is not terms[0].descending:
            return count
    return len(terms)


def _equal(term: Term, value: Any) -> Q:
    return term.where("isnull", True) if value is None else term.where("exact", value)


def _compare(
    rows_compare: bool, terms: Sequence[Term], position: Sequence[Any], inclusive: bool
) -> list[Q | RowComparison]:
    """Return the condition for the rows after a position without NULLs."""
    first = terms[0]
    if len(terms) == 1:
        return [_after(terms, position, inclusive)]
    if rows_compare and all(term.field is not None for term in terms):
        operator = ("<" if first.descending else ">") + ("=" if inclusive else "")
        return [RowComparison(terms, operator, position)]
    after = _after(terms, position, inclusive)
    if not rows_compare:
        return [after]  # MariaDB finds its ranges in the OR by itself
    # Implied by the rest, but it tells the planner where the index scan starts.
    return [first.where("lte" if first.descending else "gte", position[0]), after]


def _after(terms: Sequence[Term], position: Sequence[Any], inclusive: bool) -> Q:
    """Return ``a > x OR (a = x AND (b > y OR (b = y AND ...)))``."""
    term, value = terms[0], position[0]
    operator = "lt" if term.descending else "gt"
    if len(terms) == 1:
        return term.where(operator + "e" * inclusive, value)
    rest = _after(terms[1:], position[1:], inclusive)
    return term.where(operator, value) | (_equal(term, value) & rest)


class RowComparison(Lookup):
    """``(a, b) > (x, y)``: a row value comparison, as in SQL:1999."""

    prepare_rhs = False

    def __init__(self, terms: Sequence[Term], operator: str, position: Sequence[Any]) -> None:
        self.operator = operator
        values = (
            Value(value, output_field=term.field)
            for term, value in zip(terms, position, strict=True)
        )
        super().__init__(_Row(*(F(term.lookup) for term in terms)), _Row(*values))

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        columns, column_params = compiler.compile(self.lhs)
        values, value_params = compiler.compile(self.rhs)
        return f"{columns} {self.operator} {values}", (*column_params, *value_params)


class _Row(Func):
    template = "(%(expressions)s)"
    output_field = BooleanField()
