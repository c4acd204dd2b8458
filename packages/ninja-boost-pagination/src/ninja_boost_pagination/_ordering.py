"""Orderings as they are declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import F, Field, Model, OrderBy
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import Combinable

__all__ = ["Key", "declare", "resolve"]


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key as declared.

    Attributes:
        source: the path of a field or annotation, or an expression.
        nulls_first: where NULLs stand; None leaves it to the database.
    """

    source: str | Combinable
    descending: bool = False
    nulls_first: bool | None = None

    def __str__(self) -> str:
        place = {None: "", True: " nulls first", False: " nulls last"}[self.nulls_first]
        return f"{self.source} {'desc' if self.descending else 'asc'}{place}"


def declare(
    fields: Sequence[str | Combinable | OrderBy], *, descending: bool = False
) -> tuple[Key, ...]:
    """Return the keys that `fields` spell; `descending` turns each of them round.

    Raises:
        ImproperlyConfigured: a field that cannot be a sort key.
    """
    keys = tuple(_declare(field) for field in fields)
    if not keys:
        raise ImproperlyConfigured("A cursor needs at least one field to order by.")
    names = [key.source for key in keys if isinstance(key.source, str)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ImproperlyConfigured(f"A cursor cannot order by {min(twice)!r} twice.")
    if descending:
        keys = tuple(replace(key, descending=not key.descending) for key in keys)
    return keys


def _declare(field: Any) -> Key:
    if isinstance(field, str):
        name = field.removeprefix("-")
        if not all(part.isidentifier() for part in name.split(LOOKUP_SEP)):
            raise ImproperlyConfigured(
                f"A cursor cannot order by {field!r}: give the name of a field, with - in front "
                "for descending order."
            )
        return Key(name, descending=field.startswith("-"))
    if isinstance(field, OrderBy):
        nulls_first = True if field.nulls_first else False if field.nulls_last else None
        key = _declare(field.expression)
        return replace(key, descending=bool(field.descending), nulls_first=nulls_first)
    if isinstance(field, F):
        return Key(field.name)  # type: ignore[attr-defined]  # the stubs lack it
    if isinstance(field, Combinable):
        return Key(field)
    raise ImproperlyConfigured(
        f"A cursor cannot order by {field!r}: give names of fields or expressions."
    )


def resolve(model: type[Model], path: str) -> tuple[str, Field[Any, Any], bool, bool]:
    """Return the column that `path` names, from `model`.

    Returns:
        Its lookup; its field; whether it may be NULL; whether it identifies a row.

    Raises:
        FieldDoesNotExist: there is no such field.
        ImproperlyConfigured: the path leads to many rows, or to no column.
    """
    *relations, last = path.split(LOOKUP_SEP)
    nullable = False
    current: Any = model
    for name in relations:
        relation = current._meta.pk if name == "pk" else current._meta.get_field(name)
        if relation.many_to_many or relation.one_to_many:
            raise ImproperlyConfigured(
                f"A cursor cannot order {model.__name__} by {path!r}: {name!r} leads to many "
                "rows. Annotate one value instead, for example with Min or Max."
            )
        if relation.related_model is None:
            raise FieldDoesNotExist(f"{current.__name__}.{name} is no relation.")
        # The far end of a one-to-one relation may be missing.
        nullable = nullable or relation.auto_created or relation.null
        current = relation.related_model
    field = current._meta.pk if last == "pk" else current._meta.get_field(last)
    if not getattr(field, "column", None) or not field.concrete:
        raise ImproperlyConfigured(
            f"A cursor cannot order {model.__name__} by {path!r}, which is no single column."
        )
    nullable = nullable or field.null
    lookup = LOOKUP_SEP.join([*relations, field.attname])
    return lookup, field, nullable, bool(not relations and field.unique and not nullable)
