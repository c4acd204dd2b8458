"""One reading of a response schema: which attributes of an object it takes.

Projection reads columns by it, and the query planner relations.
"""

from __future__ import annotations

import collections.abc
import types
import typing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

__all__ = ["Shape", "ShapeField", "item_shape", "shape_of"]

_LISTS = (
    *(list, set, frozenset, collections.abc.Sequence, collections.abc.Collection),
    *(collections.abc.Iterable, collections.abc.Set),
)


@dataclass(frozen=True, slots=True)
class ShapeField:
    """One field of a schema.

    Attributes:
        name: the name of the field.
        source: what is read of the object: the alias of the field or else its name; an alias
            with dots leads through several objects.
        schema: the schema class that the value, or each of the values, is read by; None for a
            value that is taken as it is.
        many: whether the value is a list.
        nullable: whether it may be None.
        resolved: whether a resolver makes the value, of nobody knows which attributes.
    """

    name: str
    source: str
    schema: type[BaseModel] | None
    many: bool
    nullable: bool
    resolved: bool

    @property
    def path(self) -> tuple[str, ...]:
        """The attributes that lead to the value."""
        return tuple(self.source.split("."))

    @property
    def shape(self) -> Shape | None:
        """The shape of the value or the values. A schema may contain itself: mind the depth."""
        return None if self.schema is None else _shape(self.schema)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schema class takes of an object."""

    schema: type[BaseModel]
    fields: tuple[ShapeField, ...]


def shape_of(annotation: Any) -> Shape | None:
    """Return the shape of a schema class, of an optional one, or of the items of a list.

    None for what is not read by one schema: plain values, and unions of schemas.
    """
    schema, _, _ = _parts(annotation)
    return None if schema is None else _shape(schema)


def item_shape(annotation: Any) -> Shape | None:
    """Return the shape of the items of a response: a list, or a page with ``items``."""
    schema, many, _ = _parts(annotation)
    if schema is not None and not many:
        items = schema.model_fields.get("items")
        schema, many, _ = (None, False, False) if items is None else _parts(items.annotation)
    return _shape(schema) if schema is not None and many else None


@lru_cache(maxsize=1024)
def _shape(schema: type[BaseModel]) -> Shape:
    if not schema.__pydantic_complete__:
        # Its annotations may name what was defined after it.
        schema.model_rebuild(raise_errors=False)
    resolvers = getattr(schema, "_ninja_resolvers", {})
    fields = []
    for name, info in schema.model_fields.items():
        alias = info.validation_alias if info.validation_alias is not None else info.alias
        source = alias if isinstance(alias, str) else name
        nested, many, nullable = _parts(info.annotation)
        # Ninja asks for a resolver by what it reads.
        resolved = source in resolvers
        fields.append(ShapeField(name, source, nested, many, nullable, resolved))
    return Shape(schema, tuple(fields))


def _parts(annotation: Any) -> tuple[type[BaseModel] | None, bool, bool]:
    """Take an annotation apart: the schema class in it, whether of a list, whether optional."""
    many = nullable = False
    while True:
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            annotation = arguments[0]
        elif origin in (typing.Union, types.UnionType):
            others = [each for each in arguments if each is not type(None)]
            nullable = nullable or (len(others) < len(arguments) and not many)
            if len(others) != 1:
                return None, many, nullable
            annotation = others[0]
        elif origin in _LISTS or (origin is tuple and arguments[1:] == (Ellipsis,)):
            many, annotation = True, arguments[0]
        else:
            is_schema = isinstance(annotation, type) and issubclass(annotation, BaseModel)
            return (annotation if is_schema else None), many, nullable
