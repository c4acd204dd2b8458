"""``@inject_service``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from ninja_boost_core import attach
from ninja_boost_core.callables import is_async

from .hooks import InjectHook

__all__ = ["inject_service"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def inject_service(*names: str) -> Callable[[ViewT], ViewT]:
    """Give a view services as ``ctx["svc_<name>"]``; they are made before it is called.

    Args:
        names: the services. For an async view those that only async code can make are awaited.

    Raises:
        TypeError: without a name.
    """
    if not names or not all(isinstance(name, str) for name in names):
        raise TypeError('inject_service() takes names: @inject_service("orders", "email").')

    def decorate(view: ViewT) -> ViewT:
        # An async generator function is the view of a stream.
        in_async = is_async(view) or inspect.isasyncgenfunction(inspect.unwrap(view))
        named = view if hasattr(view, "__qualname__") else type(view)
        where = f"{named.__module__}.{named.__qualname__}"
        return attach(InjectHook(names, where, in_async))(view)

    return decorate
