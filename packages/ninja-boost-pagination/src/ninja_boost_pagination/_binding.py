"""Orderings as they stand for the rows of one queryset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.db import connections
from django.db.models import F, Field, Model, OrderBy, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.db.models.query import ValuesIterable

from ._ordering import Key, resolve
from ._token import BadCursor

__all__ = ["Keyset", "Term", "bind"]


@dataclass(frozen=True, slots=True)
class Term:
    """One sort key as it stands for the rows of a queryset.

    Attributes:
        lookup: what `filter()` calls it.
        read: where a row carries its value: an attribute, a key or an annotation.
        descending: its direction.
        nulls_first: where NULLs stand; None if there are none.
        field: the column's model field; None for an expression or annotation.
    """

    lookup: str
    read: str
    descending: bool
    nulls_first: bool | None
    field: Field[Any, Any] | None = None

    def reversed(self) -> Term:
        nulls_first = None if self.nulls_first is None else not self.nulls_first
        return replace(self, descending=not self.descending, nulls_first=nulls_first)

    def order_by(self) -> OrderBy:
        if self.nulls_first is None:
            return OrderBy(F(self.lookup), descending=self.descending)
        return OrderBy(
            F(self.lookup),
            descending=self.descending,
            nulls_first=self.nulls_first or None,
            nulls_last=not self.nulls_first or None,
        )

    def where(self, operator: str, value: Any) -> Q:
        return Q(**{f"{self.lookup}{LOOKUP_SEP}{operator}": value})

    def accept(self, value: Any) -> Any:
        """Return a cursor's value, if the column can still be compared to it."""
        if value is None and self.nulls_first is None:
            raise BadCursor("NULL for a column without NULLs")
        if value is not None and self.field is not None:
            try:
                self.field.get_prep_value(value)
            except (TypeError, ValueError, ValidationError) as exc:
                raise BadCursor("the column's type changed") from exc
        return value


@dataclass(frozen=True, slots=True)
class Keyset:
    """A total ordering of the rows of `queryset`.

    Attributes:
        queryset: carries what the terms read, but is not ordered yet.
        terms: the last of them identify a row and are never NULL.
        rows_compare: whether the database serves ``(a, b) > (x, y)`` from an index.
    """

    queryset: QuerySet[Any]
    terms: tuple[Term, ...]
    rows_compare: bool

    def reversed(self) -> Keyset:
        return replace(self, terms=tuple(term.reversed() for term in self.terms))

    def position(self, row: Any) -> tuple[Any, ...]:
        """Return the values of a row, one for each term."""
        if isinstance(row, Mapping):
            return tuple(row[term.read] for term in self.terms)
        return tuple(getattr(row, term.read) for term in self.terms)

    def accept(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return the values of a cursor.

        Raises:
            BadCursor: they do not fit the terms, because the model changed meanwhile.
        """
        if len(values) != len(self.terms):
            raise BadCursor("the ordering changed")
        return tuple(term.accept(value) for term, value in zip(self.terms, values, strict=True))

    def ordered(self, leave_out: int = 0) -> QuerySet[Any]:
        """Return the queryset in this order, apart from the first `leave_out` terms."""
        return self.queryset.order_by(*(term.order_by() for term in self.terms[leave_out:]))


def bind(queryset: QuerySet[Any], keys: Sequence[Key]) -> Keyset:
    """Return the ordering that `keys` give to the rows of `queryset`, made total.

    Where no key identifies a row, the primary key is added, in the direction of the last key,
    so that an index over the keys serves it too.

    Raises:
        ImproperlyConfigured: the queryset cannot be walked by these keys.
    """
    _refuse_unfit(queryset)
    model = queryset.model
    features = connections[queryset.db].features
    vendor = connections[queryset.db].vendor
    # The database's own place for NULLs is what its indexes are sorted by.
    nulls_small = bool(getattr(features, "order_by_nulls_first", False))

    terms: list[Term] = []
    for number, key in enumerate(keys):
        if key.source == "pk":
            break
        field: Field[Any, Any] | None = None
        nullable, identifies = True, False
        lookup = read = f"_keyset{number}"
        if not isinstance(key.source, str):
            queryset = queryset.annotate(**{lookup: key.source})
        elif key.source in queryset.query.annotations:
            lookup = key.source
            queryset, read = _reading(queryset, lookup, read)
        else:
            lookup, field, nullable, identifies = _column(model, key.source)
            queryset, read = _reading(queryset, lookup, read, field)
        nulls_first = None
        if nullable:
            natural = nulls_small != key.descending
            nulls_first = natural if key.nulls_first is None else key.nulls_first
        terms.append(Term(lookup, read, key.descending, nulls_first, field))
        if identifies:
            return Keyset(queryset, tuple(terms), vendor in _ROW_COMPARISON)

    # Nothing after the primary key matters. A composite one has several fields.
    for part in model._meta.pk_fields:
        queryset, read = _reading(queryset, part.attname, f"_keyset_{part.attname}", part)
        terms.append(Term(part.attname, read, key.descending, None, part))
    return Keyset(queryset, tuple(terms), vendor in _ROW_COMPARISON)


_ROW_COMPARISON = frozenset({"postgresql", "sqlite"})
"""Where ``(a, b) > (x, y)`` is a range of an index. MariaDB reads it row by row, but takes the
OR of the columns apart into ranges."""


def _column(model: type[Model], path: str) -> tuple[str, Field[Any, Any], bool, bool]:
    try:
        return resolve(model, path)
    except FieldDoesNotExist as exc:
        names = sorted(field.name for field in model._meta.get_fields() if field.concrete)
        raise ImproperlyConfigured(
            f"A cursor cannot order {model.__name__} by {path!r}: it has no such field or "
            f"annotation. Its fields are: {', '.join(names)}."
        ) from exc


def _reading(
    queryset: QuerySet[Any], lookup: str, spare: str, field: Field[Any, Any] | None = None
) -> tuple[QuerySet[Any], str]:
    """Return where rows carry `lookup`, and the queryset that makes them carry it."""
    query = queryset.query
    if queryset._fields is not None:  # type: ignore[attr-defined]
        # A row of values() has what it has: an annotation would change what is grouped.
        names = {*query.values_select, *query.annotation_select}
        for name in (lookup, field.name if field else lookup):
            if name in names:
                return queryset, name
        if field is not None and field.primary_key and "pk" in names:
            return queryset, "pk"
        raise ImproperlyConfigured(
            f"Rows of values() need every key that a cursor orders by: add {lookup!r}."
        )
    if lookup in query.annotation_select:
        return queryset, lookup
    if field is not None and lookup == field.attname and _is_loaded(queryset, field):
        return queryset, lookup
    return queryset.annotate(**{spare: F(lookup)}), spare


def _is_loaded(queryset: QuerySet[Any], field: Field[Any, Any]) -> bool:
    names, deferred = queryset.query.deferred_loading
    if field.primary_key or not (names or not deferred):
        return True
    return ({field.name, field.attname}.isdisjoint(names)) is deferred


def _refuse_unfit(queryset: QuerySet[Any]) -> None:
    query = queryset.query
    reason = None
    if query.is_sliced:
        reason = "is sliced"
    elif query.combinator:
        reason = f"is a {query.combinator}"
    elif query.distinct_fields:
        reason = "is distinct on some fields"
    elif queryset._fields is not None:  # type: ignore[attr-defined]
        if query.group_by is not None:
            reason = "is grouped by values()"
        elif not issubclass(queryset._iterable_class, ValuesIterable):
            reason = "gives tuples, of values_list()"
    if reason:
        raise ImproperlyConfigured(
            f"A queryset of {queryset.model.__name__} that {reason} cannot be walked by a "
            "cursor: return it plain, or use offset pages."
        )
