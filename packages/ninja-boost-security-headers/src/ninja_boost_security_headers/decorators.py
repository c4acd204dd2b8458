"""Headers of a single route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ninja_boost_core import Call, Hook, Order, attach

if TYPE_CHECKING:
    from ninja_boost_core import OperationDocs

__all__ = ["HeadersHook", "headers_of", "put", "with_headers"]

_HEADERS = "_boost_security_headers"
_NOTHING: Mapping[str, str | None] = MappingProxyType({})
_View = TypeVar("_View", bound=Callable[..., Any])


def headers_of(request: HttpRequest) -> Mapping[str, str | None]:
    """Return what ``with_headers`` asked for on the route of this request."""
    found: Mapping[str, str | None] = request.__dict__.get(_HEADERS, _NOTHING)
    return found


def put(headers: Mapping[str, str | None], response: HttpResponseBase) -> None:
    """Set headers, and take away those that are None."""
    for name, value in headers.items():
        if value is None:
            del response[name]
        else:
            response[name] = value


def with_headers(headers: Mapping[str, str | None]) -> Callable[[_View], _View]:
    """Have the responses of a view carry these headers, with or without the middleware.

    They replace those of the middleware; None takes a header away. Errors carry them too.

    Raises:
        ValueError: for a name or a value that no header may have.
    """
    for name, value in headers.items():
        token = name.replace("-", "")
        if not (token.isascii() and token.isalnum()):
            raise ValueError(f"{name!r} is no name of a header.")
        if value is not None and not (value.isascii() and value.isprintable()):
            raise ValueError(f"{name}: {value!r} is not one line of visible ASCII characters.")
    return attach(HeadersHook(dict(headers)))


class HeadersHook(Hook):
    """Sets headers on every outcome of an operation."""

    order: int = Order.HEADERS

    def __init__(self, headers: dict[str, str | None]) -> None:
        self.headers = headers

    def before_auth(self, call: Call) -> None:
        known = headers_of(call.request)
        setattr(call.request, _HEADERS, {**known, **self.headers})

    def on_response(self, call: Call) -> None:
        if call.response is not None:
            put(self.headers, call.response)

    def document(self, docs: OperationDocs) -> None:
        for name, value in self.headers.items():
            if value is not None:
                docs.header(name, {"const": value}, description="Set by the route.")

    def describe(self) -> str:
        return f"headers {', '.join(self.headers)}"
