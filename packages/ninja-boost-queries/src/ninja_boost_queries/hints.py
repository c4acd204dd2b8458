"""What a planner cannot see: the relations that code of the project reads."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property as python_cached_property
from types import FunctionType
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.utils.functional import cached_property

__all__ = ["DEPTH", "Queries", "needs", "needs_of"]

T = TypeVar("T", bound="Callable[..., Any] | property | staticmethod[..., Any]")

DEPTH = 5
_NEEDS = "_boost_needs"


def needs(*paths: str) -> Callable[[T], T]:
    """Say what a resolver, or a property or method of a model, reads of the object that it gets.

    Args:
        paths: relations as ``prefetch_related`` spells them, such as ``owner__company``. With
            ``only`` a path may end in a column, ``owner__company__name``; a path that does not
            keeps all columns of all objects on the way.
    """

    def mark(code: T) -> T:
        function = _function(code)
        if function is None:
            raise TypeError(f"{code!r} is no function or property, so it needs nothing.")
        setattr(function, _NEEDS, paths)
        return code

    return mark


def needs_of(owner: type, name: str) -> tuple[str, ...] | None:
    """Return what the code behind an attribute says that it needs; None if it says nothing."""
    function = _function(inspect.getattr_static(owner, name, None))
    found: tuple[str, ...] | None = getattr(function, _NEEDS, None)
    return found


def _function(code: Any) -> FunctionType | None:
    if isinstance(code, property):
        code = code.fget
    elif isinstance(code, cached_property):
        # Its ``func`` is one for all of them until the class is made.
        code = code.real_func  # type: ignore[attr-defined]
    elif isinstance(code, python_cached_property):
        code = code.func
    elif isinstance(code, staticmethod | classmethod):
        code = code.__func__
    return code if isinstance(code, FunctionType) else None


@dataclass(frozen=True, kw_only=True)
class Queries:
    """How an operation's querysets are planned; immutable, and shared by all requests.

    Args:
        hints: for a field of the response's schema, what its resolver or property reads: paths
            from the model, as `needs` takes them.
        only: whether columns that nobody reads are deferred.
        depth: how many relations lie between a row and the farthest thing that is planned; a
            schema may contain itself.
        instances: whether a model instance that a view returns gets its relations at once,
            where that saves queries; in an async view, in a thread.
        model: of the rows; then the hints are checked at start. A ModelSchema knows it.

    Raises:
        ImproperlyConfigured: an argument that makes no sense.
    """

    hints: Mapping[str, str | Sequence[str]] = field(default_factory=dict, compare=False)
    only: bool = False
    depth: int = DEPTH
    instances: bool = False
    model: type[Model] | None = None
    paths: tuple[tuple[str, tuple[str, ...]], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.depth < 1:
            raise ImproperlyConfigured(f"Queries: depth is {self.depth}; give a positive number.")
        paths = (
            (name, (each,) if isinstance(each, str) else tuple(each))
            for name, each in self.hints.items()
        )
        object.__setattr__(self, "paths", tuple(paths))
