"""Questions about callables, answered once for everything above core."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["drive", "is_async", "takes_no_arguments", "typed_signature"]

T = TypeVar("T")


def is_async(function: Any) -> bool:
    """Return whether calling ``function`` gives a coroutine.

    Sees through ``functools.partial``, bound methods and instances with an async
    ``__call__``, and honours the markers of ``asgiref`` and ``inspect``.
    """
    while isinstance(function, functools.partial):
        function = function.func
    return _is_coroutine_function(function) or (
        not inspect.isroutine(function)
        and not inspect.isclass(function)
        and _is_coroutine_function(getattr(function, "__call__", None))  # noqa: B004
    )


def _is_coroutine_function(function: Any) -> bool:
    # asgiref's marker on Python 3.11, where inspect has none yet.
    return inspect.iscoroutinefunction(function) or hasattr(function, "_is_coroutine")


def typed_signature(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature with its string annotations resolved where the function was written.

    Ninja resolves them in the globals of the outermost wrapper, where a decorator from
    another module hides the names that the view uses.
    """
    # Ninja reads Django's settings when it is imported; the other functions here need none.
    from ninja.signature.utils import get_typed_annotation

    signature = inspect.signature(function)
    written_in = getattr(inspect.unwrap(function), "__globals__", {})
    return signature.replace(
        parameters=[
            parameter.replace(annotation=get_typed_annotation(parameter, written_in))
            for parameter in signature.parameters.values()
        ]
    )


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, and return its value."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    coroutine.close()
    raise RuntimeError("Something asynchronous was awaited in a sync operation.")


def takes_no_arguments(function: Callable[..., Any]) -> bool:
    """Return whether ``function`` can be called with no argument and with no more."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return not parameters
