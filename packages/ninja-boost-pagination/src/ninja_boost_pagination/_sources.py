"""What a view may return as a list, and how far it is read for one page."""

from __future__ import annotations

import io
from collections.abc import (
    AsyncIterable,
    Iterator,
    KeysView,
    Sequence,
    Set,
    ValuesView,
)
from typing import Any

from django.core.files import File
from django.db.models import Manager, QuerySet
from django.db.models.query import RawQuerySet
from django.http.response import HttpResponseBase

__all__ = ["is_list", "queryset_of", "window"]

_LISTS = (
    QuerySet,
    RawQuerySet,
    Sequence,
    Set,
    KeysView,
    ValuesView,
    Iterator,
    AsyncIterable,
)
# A response or a file can be iterated, but it is one thing.
_SINGLE = (str, bytes, bytearray, memoryview, HttpResponseBase, File, io.IOBase)


def is_list(value: Any) -> bool:
    """Return whether a view's result is a list of items, and not one item."""
    if isinstance(value, _SINGLE):
        return False
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return False  # a named tuple is a record
    return isinstance(value, (*_LISTS, Manager))


def queryset_of(value: Any) -> QuerySet[Any] | None:
    """Return the queryset behind `value`, unless its rows are here already."""
    if isinstance(value, Manager):
        return value.all()
    if isinstance(value, QuerySet) and value._result_cache is None:
        return value
    return None


def window(source: Any, start: int, stop: int, *, to_end: bool) -> tuple[list[Any], int]:
    """Return the items from `start` to `stop`, and how many items were seen.

    An iterator is read to its end if `to_end`, else no further than `stop`.
    """
    if isinstance(source, Set):
        source = _steady(source)
    if not isinstance(source, Iterator):
        items = source if isinstance(source, list | tuple | range) else list(source)
        return list(items[start:stop]), len(items)
    found: list[Any] = []
    seen = 0
    for item in source:
        if start <= seen < stop:
            found.append(item)
        seen += 1
        if seen >= stop and not to_end:
            break
    return found, seen


def _steady(items: Set[Any]) -> list[Any]:
    """Return the items of a set in an order that every process agrees on, if they have one."""
    try:
        return sorted(items)
    except TypeError:
        return list(items)
