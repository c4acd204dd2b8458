"""What the annotations of an operation say about lists."""

from __future__ import annotations

import collections.abc
import typing
from collections.abc import Callable, Iterator
from typing import Any

from ninja.constants import NOT_SET
from pydantic import BaseModel

from ninja_boost_core.callables import typed_signature

__all__ = ["is_success", "item_type", "own_parameters", "response_type"]

_LIST_TYPES = frozenset(
    {
        list,
        set,
        frozenset,
        collections.abc.Sequence,
        collections.abc.MutableSequence,
        collections.abc.Collection,
        collections.abc.Iterable,
        collections.abc.Set,
    }
)


def item_type(annotation: Any) -> Any:
    """Return the type of a list type's items; None if the annotation is no list type."""
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    origin = typing.get_origin(annotation) or annotation
    arguments = typing.get_args(annotation)
    if origin is tuple:
        if not arguments:
            return Any
        return arguments[0] if len(arguments) == 2 and arguments[1] is Ellipsis else None
    if isinstance(origin, collections.abc.Hashable) and origin in _LIST_TYPES:
        return arguments[0] if arguments else Any
    return None


def own_parameters(view: Callable[..., Any]) -> Iterator[str]:
    """Yield the names of a view's request parameters, those of its models included."""
    for parameter in typed_signature(view).parameters.values():
        yield parameter.name
        annotation = parameter.annotation
        while arguments := typing.get_args(annotation):
            annotation = arguments[0]
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from annotation.model_fields


def response_type(model: Any) -> Any:
    """Return the annotation from which Ninja made a response model."""
    if model is None or model is NOT_SET:
        return model
    return model.model_fields["response"].annotation


def is_success(status: Any) -> bool:
    return isinstance(status, int) and 200 <= status < 300
