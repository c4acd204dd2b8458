"""Stable order and row counts for pages by number."""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models import F, OrderBy, QuerySet
from django.db.models.expressions import RawSQL

__all__ = ["countable", "estimate", "steady"]

# The row count that the planner works with; each takes the name of the table.
_ESTIMATES = {
    "postgresql": "(SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s))",
    "mysql": (
        "(SELECT table_rows FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = %s)"
    ),
}


def steady(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the queryset in an order in which no two rows are equal.

    The primary key is added behind the order that there is. Rows that have no primary key to
    order by (values(), unions, slices) keep the order they have.
    """
    query = queryset.query
    if (
        query.is_sliced or query.combinator or query.distinct_fields or queryset._fields is not None  # type: ignore[attr-defined]
    ):
        return queryset
    if not queryset.ordered:
        return queryset.order_by("pk")
    order = query.order_by or queryset.model._meta.ordering
    if query.extra_order_by or not order or "?" in order:
        return queryset
    last = order[-1]
    descending = last.descending if isinstance(last, OrderBy) else str(last).startswith("-")
    fields = queryset.model._meta.pk_fields
    names = {term.removeprefix("-") for term in order if isinstance(term, str)}
    if "pk" in names or names.issuperset(field.name for field in fields):
        return queryset
    return queryset.order_by(
        *order, *(OrderBy(F(field.attname), descending=descending) for field in fields)
    )


def countable(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the queryset without what a count does not need.

    Django itself leaves out annotations that nothing refers to and that group nothing; the order
    may refer to some.
    """
    return queryset if queryset.query.is_sliced else queryset.order_by()


def estimate(queryset: QuerySet[Any]) -> QuerySet[Any] | None:
    """Return a queryset whose one row is the database's own idea of the number of rows.

    None where there is no such idea: the queryset is not the whole of one table, or the
    database keeps none.
    """
    query = queryset.query
    connection = connections[queryset.db]
    sql = _ESTIMATES.get(connection.vendor)
    whole = not (
        query.where
        or query.is_sliced
        or query.distinct
        or query.combinator
        or query.annotations
        or query.extra
        or query.extra_tables
        or sum(1 for references in query.alias_refcount.values() if references) > 1
    )
    if sql is None or not whole:
        return None
    model = queryset.model
    table = model._meta.db_table
    name = connection.ops.quote_name(table) if connection.vendor == "postgresql" else table
    rows: QuerySet[Any, Any] = model._base_manager.using(queryset.db).order_by()
    planned = RawSQL(sql, [name])  # noqa: S611  (a constant text and a bound name)
    return rows.annotate(_estimate=planned).values_list("_estimate", flat=True)[:1]
