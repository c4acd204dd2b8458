"""Plans for the views of any Ninja router, and for a queryset by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, overload

from django.db.models import Manager, Model, QuerySet

from ninja_boost_core import attach
from ninja_boost_core.shapes import item_shape, shape_of

from ._hook import QueriesHook, plan_rows
from .hints import DEPTH, Queries

__all__ = ["plan_queries", "plan_queryset"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])
RowT = TypeVar("RowT", bound=Any)


@overload
def plan_queries(view: ViewT, /) -> ViewT: ...
@overload
def plan_queries(queries: Queries, /) -> Callable[[ViewT], ViewT]: ...
@overload
def plan_queries(
    *,
    hints: Mapping[str, str | Sequence[str]] = ...,
    only: bool = False,
    depth: int = DEPTH,
    instances: bool = False,
    model: type[Model] | None = None,
) -> Callable[[ViewT], ViewT]: ...
def plan_queries(given: Any = None, /, **options: Any) -> Any:
    """Plan the querysets that a view returns: ``@plan_queries`` or ``@plan_queries(only=True)``.

    The keywords are those of `Queries`.

    Raises:
        ImproperlyConfigured: an argument that makes no sense.
    """
    if isinstance(given, Queries):
        if options:
            raise TypeError("plan_queries() takes a Queries object or keywords, not both.")
        return attach(QueriesHook(given))
    decorate = attach(QueriesHook(Queries(**options)))
    return decorate if given is None else decorate(given)


def plan_queryset(
    rows: QuerySet[RowT] | Manager[RowT], schema: Any, queries: Queries | None = None
) -> QuerySet[RowT]:
    """Return a queryset planned for a schema, as for ``get_object_or_404``.

    Args:
        rows: left as it is where there is nothing to plan.
        schema: of a row; a list or page of it is the same.
        queries: see there; without it, ``Queries()``.

    Raises:
        TypeError: ``schema`` is none.
        ImproperlyConfigured: a hint names what is not there.
    """
    shape = item_shape(schema) or shape_of(schema)
    if shape is None:
        raise TypeError(f"{schema!r} is no schema that rows could be planned for.")
    queryset: QuerySet[RowT] = rows.all()
    planned: QuerySet[RowT] = plan_rows(queryset, shape.schema, queries or Queries())
    return planned
