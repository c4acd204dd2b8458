"""Response headers that were made ready before there is a response.

Django encodes and checks a header each time that it is set, which takes longer than most of what
a middleware does. What never changes is checked once, by ``ready``; what does change must be text
that no client chose, or that was checked.
"""

from __future__ import annotations

from collections.abc import ItemsView, Mapping
from typing import TYPE_CHECKING, Any, Final

from django.http.response import ResponseHeaders

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

__all__ = ["QuickHeaders", "ReadyHeaders", "headers_of", "put", "put_missing", "ready"]

ReadyHeaders = Mapping[str, tuple[str, str]]
"""Each header's name and value by its name in lower case."""


def ready(headers: Mapping[str, str]) -> ReadyHeaders:
    """Return headers as ``put`` takes them.

    Raises:
        django.http.BadHeaderError: for a value of more than one line.
    """
    made = ResponseHeaders({})
    for name, value in headers.items():
        made[name] = value
    return {name.lower(): (name, value) for name, value in made.items()}


def headers_of(response: HttpResponseBase) -> ReadyHeaders:
    """Return the headers that a response has, to look into."""
    store = _store_of(response)
    if store is not None:
        return store
    return {name.lower(): (name, value) for name, value in response.headers.items()}


def put(response: HttpResponseBase, headers: ReadyHeaders) -> None:
    """Set headers, in the place of those that are there."""
    store = _open(response)
    if store is not None:
        store.update(headers)
        return
    for name, value in headers.values():
        response.headers[name] = value


def put_missing(response: HttpResponseBase, headers: ReadyHeaders) -> None:
    """Set headers that are not there yet."""
    store = _open(response)
    if store is not None:
        store.update(headers if headers.keys().isdisjoint(store) else {**headers, **store})
        return
    for name, value in headers.values():
        response.headers.setdefault(name, value)


class QuickHeaders(ResponseHeaders):
    """Django's headers, as they are handed to the server in one go.

    ``Mapping`` gives each by two calls of Python code, which for a dozen of them takes longer
    than all that puts them there.
    """

    _store: dict[str, tuple[str, str]]

    def items(self) -> ItemsView[str, str]:
        return dict(self._store.values()).items()

    def __reduce__(self) -> tuple[type[ResponseHeaders], tuple[dict[str, str]]]:
        # What is kept in a cache is read by other versions of this package too.
        return ResponseHeaders, (dict(self._store.values()),)


_HAS_STORE: Final = vars(ResponseHeaders({"A": "b"})) == {"_store": {"a": ("A", "b")}}


def _store_of(response: HttpResponseBase) -> dict[str, tuple[str, str]] | None:
    """Return where Django keeps the headers; None where they are kept in another way."""
    headers: Any = response.headers
    kind = type(headers)
    if kind is QuickHeaders or (_HAS_STORE and kind is ResponseHeaders):
        store: dict[str, tuple[str, str]] = headers._store
        return store
    return None


def _open(response: HttpResponseBase) -> dict[str, tuple[str, str]] | None:
    """Return the same, to be written to."""
    headers: Any = response.headers
    if _HAS_STORE and type(headers) is ResponseHeaders:
        headers.__class__ = QuickHeaders
    elif type(headers) is not QuickHeaders:
        return None
    store: dict[str, tuple[str, str]] = headers._store
    return store
