"""The context that every view of an AutoRouter gets as ``ctx``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .callables import is_async
from .client_address import client_address
from .contract import Context
from .features import context_factories

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["build_context", "inject_context", "may_have"]

_NO_SERVICES: MappingProxyType[str, Any] = MappingProxyType({})
_ALWAYS = frozenset({"user", "ip", "trace_id", "services"})


def build_context(request: HttpRequest) -> Context:
    """Return ``{"user", "ip", "trace_id", "services"}`` and what the features add.

    ``user`` is what authentication returned (``request.auth``), or None for nobody; an
    authentication that returns just True names nobody either.
    """
    auth = getattr(request, "auth", None)
    # Its names are those of _ALWAYS.
    context: Context = {
        "user": None if auth is True else auth,
        "ip": client_address(request),
        "trace_id": getattr(request, "trace_id", None),
        "services": _NO_SERVICES,
    }
    for key, factory in context_factories().items():
        context[key] = factory(request)
    return context


def may_have(name: str) -> bool:
    """Return whether ``build_context`` gives a context that has ``name``."""
    return name in context_factories() or name in _ALWAYS


def inject_context(view: Callable[..., Any]) -> Callable[..., Any]:
    """Call ``view(request, ctx, ...)`` as ``view(request, ...)``.

    The value of the ``DI`` setting. The pipeline recognises it and builds the context inline;
    as a decorator it serves views outside any router.
    """
    if is_async(view):

        @functools.wraps(view)
        async def async_wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return await view(request, build_context(request), *args, **kwargs)

        return async_wrapper

    @functools.wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return view(request, build_context(request), *args, **kwargs)

    return wrapper


_client_ip = client_address
"""The original's name, which custom ``DI`` decorators import."""
