"""Reads the rows of a queryset as the columns that the response schema takes.

An instance of a model for each row costs more than the query. Where the schema takes nothing but
columns, and nobody could tell the difference, the rows are fetched as columns and become
dictionaries of the schema's shape, which are then validated like any result. Everything else is
left as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import ForeignKey, Model, QuerySet
from django.db.models.fields.related_descriptors import (
    ForeignKeyDeferredAttribute,
    ForwardManyToOneDescriptor,
    ForwardOneToOneDescriptor,
)
from django.db.models.query import BaseIterable, ModelIterable, ValuesListIterable
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init

from .selection import Selection
from .shapes import Shape

if TYPE_CHECKING:
    _Iterable = BaseIterable[dict[str, Any]]
else:
    _Iterable = BaseIterable

__all__ = ["Projection"]

_COLUMNS = (DeferredAttribute, ForeignKeyDeferredAttribute)
_FOREIGN_KEYS = (ForwardManyToOneDescriptor, ForwardOneToOneDescriptor)
MOST_LEVELS = 8


class _Refused(Exception):
    """The schema takes more of the model than columns."""


class Projection:
    """The projection of an operation's rows, worked out for each model that comes along.

    Args:
        shape: what the response schema takes of a row.
        make: the class of which a row becomes an instance that counts as validated; None for
            dictionaries. A schema with aliases gets dictionaries all the same.
    """

    __slots__ = ("_make", "_of_models", "_shape")

    def __init__(self, shape: Shape, make: type[Any] | None = None) -> None:
        self._shape = shape
        self._make = make
        self._of_models: dict[type[Model], _Columns | None] = {}

    def __call__(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return a queryset of the same rows as dictionaries, or else the same queryset."""
        model = queryset.model
        if model not in self._of_models:
            self._of_models[model] = _columns_of(model, self._shape, self._make)
        columns = self._of_models[model]
        if columns is None or not _is_plain(queryset) or _is_observed(columns.models):
            return queryset
        if not columns.relations.isdisjoint(queryset._known_related_objects):  # type: ignore[attr-defined]
            # Its rows share an object that the view may have changed.
            return queryset
        projected: Any = columns.select(queryset)
        projected._iterable_class = columns.iterable
        return projected  # type: ignore[no-any-return]


class _Columns:
    """What to read of a model, and how a row of it becomes a dictionary."""

    __slots__ = ("_makes", "iterable", "models", "names", "relations", "select")

    def __init__(self, model: type[Model], shape: Shape, make: type[Any] | None) -> None:
        self._makes = make is not None and _has_no_aliases(shape)
        self.names: list[str] = []
        self.models: list[type[Model]] = []
        self.relations: set[Any] = set()
        literal = self._literal(model, shape, "", 0)
        self.select = Selection(model, self.names)
        # A display of known columns, so that a row costs one expression; names are quoted.
        known = {"make": _maker(make)} if make is not None else {}
        build: Callable[[Any], Any] = eval(f"lambda row: {literal}", known)  # noqa: S307
        self.iterable: type[BaseIterable[Any]] = type(
            "ProjectedIterable", (_ProjectedIterable,), {"build": staticmethod(build)}
        )

    def _literal(self, model: type[Model], shape: Shape, prefix: str, level: int) -> str:
        if level > MOST_LEVELS or not _is_stock(model):
            raise _Refused
        self.models.append(model)
        items = []
        for field in shape.fields:
            if field.resolved or field.many:
                raise _Refused
            inner = field.shape
            if inner is None:
                name = f"{prefix}{_column(model, field.source)}"
                if name not in self.names:
                    self.names.append(name)
                value = f"row[{self.names.index(name)}]"
            else:
                relation = _relation(model, field.source)
                self.relations.add(relation)
                related: Any = relation.remote_field.model
                value = self._literal(related, inner, f"{prefix}{relation.name}__", level + 1)
            items.append(f"{field.source!r}: {value}")
        literal = f"{{{', '.join(items)}}}"
        return f"make({literal})" if self._makes else literal


class _ProjectedIterable(_Iterable):
    build: Callable[[Any], Any]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        rows: Any = ValuesListIterable(self.queryset, self.chunked_fetch, self.chunk_size)
        return map(self.build, rows)


def _columns_of(model: type[Model], shape: Shape, make: type[Any] | None) -> _Columns | None:
    try:
        return _Columns(model, shape, make)
    except _Refused:
        return None


def _has_no_aliases(shape: Shape) -> bool:
    return all(
        field.source == field.name and (field.shape is None or _has_no_aliases(field.shape))
        for field in shape.fields
    )


def _maker(make: type[Any]) -> Callable[[dict[str, Any]], Any]:
    """Return what makes an instance of what pydantic-core keeps of one."""
    new, put = object.__new__, object.__setattr__

    def instance(values: dict[str, Any]) -> Any:
        made = new(make)
        put(made, "__dict__", values)
        put(made, "__pydantic_fields_set__", values.keys())
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made

    return instance


def _column(model: type[Model], source: str) -> str:
    """Return the name of the column behind an attribute that gives nothing but its value."""
    descriptor = inspect.getattr_static(model, source, None)
    if type(descriptor) not in _COLUMNS:
        raise _Refused
    field: Any = descriptor.field
    if field.attname != source or not field.concrete:
        raise _Refused
    return source


def _relation(model: type[Model], source: str) -> ForeignKey[Any, Any]:
    """Return the foreign key behind an attribute, if each row has an object there."""
    descriptor = inspect.getattr_static(model, source, None)
    if type(descriptor) not in _FOREIGN_KEYS or settings.DATABASE_ROUTERS:
        # With routers the object may be in another database.
        raise _Refused
    field: Any = descriptor.field
    is_key = isinstance(field, ForeignKey) and field.name == source
    if not is_key or field.null or not field.db_constraint:
        raise _Refused
    return field  # type: ignore[no-any-return]


def _is_stock(model: type[Model]) -> bool:
    """Return whether making an instance does no more than to set its attributes."""
    return (
        model.__init__ is Model.__init__
        and model.from_db.__func__ is Model.from_db.__func__  # type: ignore[attr-defined]
        and model.__getattribute__ is object.__getattribute__
        and not hasattr(model, "__getitem__")
    )


def _is_observed(models: list[type[Model]]) -> bool:
    """Return whether a signal tells somebody of instances."""
    return any(
        signal.has_listeners(model)
        for signal in (pre_init, post_init)
        if signal.receivers
        for model in models
    )


def _is_plain(queryset: QuerySet[Any]) -> bool:
    """Return whether the rows are those of the model as it is, and not fetched yet."""
    kept: Any = queryset
    query: Any = queryset.query
    return (
        # Rows without an order come as an index or a join has them; other columns may change it.
        queryset.ordered
        and kept._iterable_class is ModelIterable
        and kept._result_cache is None
        and not kept._prefetch_related_lookups
        and not query.annotations
        and not query.combinator
        and not query.distinct
        and not query.extra
        and not query.select_for_update
        and query.group_by is None
        and kept._fields is None
        and type(queryset)._fetch_all is QuerySet._fetch_all
        and type(queryset).__iter__ is QuerySet.__iter__
        and type(queryset).values_list is QuerySet.values_list
        and type(queryset)._values is QuerySet._values  # type: ignore[attr-defined]
    )
