"""Every operation that the URL configuration serves, and what guards it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from ninja.operation import Operation, PathView

from .contract import Hook, Order, in_order
from .operation import BoostOperation
from .routes import readable
from .security import DefaultAuth, default_auth

__all__ = ["Route", "operations", "routes"]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    Attributes:
        method: the HTTP method.
        path: the route template with all prefixes.
        view: dotted name of the view.
        auth: names of the authentication callbacks; empty for none.
        hooks: what each hook says of itself, in the order in which they run.
        protected: whether nobody gets to the view without credentials: an authentication or
            a signature.
    """

    method: str
    path: str
    view: str
    auth: tuple[str, ...]
    hooks: tuple[str, ...]
    protected: bool

    def as_json(self) -> dict[str, Any]:
        """Return the route as a dictionary of JSON types."""
        values = asdict(self)
        return {**values, "auth": list(self.auth), "hooks": list(self.hooks)}


def operations() -> Iterator[tuple[str, Operation]]:
    """Yield each operation of the URL configuration with its route template.

    Operations of every NinjaAPI, ours or not; one that is reachable by two paths comes twice.
    """
    # Ninja repeats the pattern of a path for each name that an operation gives it.
    seen: set[tuple[str, int]] = set()
    for route, callback in _callbacks("", get_resolver().url_patterns):
        path_view = _path_view(callback)
        if path_view is None or (route, id(path_view)) in seen:
            continue
        seen.add((route, id(path_view)))
        for operation in path_view.operations:
            yield readable(route), operation


def routes() -> list[Route]:
    """Return the inventory, sorted by path and method.

    Raises:
        ImproperlyConfigured: naming what is wrong with a hook or a setting.
    """
    found = [
        _route(method, path, operation)
        for path, operation in operations()
        for method in operation.methods
    ]
    return sorted(found, key=lambda route: (route.path, route.method))


def _route(method: str, path: str, operation: Operation) -> Route:
    if isinstance(operation, BoostOperation):
        hooks: Iterable[Hook] = in_order(operation.hooks)
        auth = operation.authentication
        view = operation._registration.view
    else:
        hooks, auth, view = (), tuple(operation.auth_callbacks), operation.view_func
    hooks = [hook for hook in hooks if hook.acts()]
    verified = any(Order.VERIFY <= hook.order < Order.RATE_LIMIT for hook in hooks)
    return Route(
        method=method,
        path=path,
        view=_name(inspect.unwrap(view)),
        auth=tuple(name for callback in auth for name in _auth_names(callback)),
        hooks=tuple(hook.describe() for hook in hooks),
        protected=bool(auth) or verified,
    )


def _callbacks(prefix: str, patterns: Iterable[Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _callbacks(route, pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def _path_view(callback: Any) -> PathView | None:
    """Return Ninja's dispatcher, which the function that it gives to Django encloses."""
    cells = getattr(inspect.unwrap(callback), "__closure__", None) or ()
    contents = (cell.cell_contents for cell in cells)
    return next((each for each in contents if isinstance(each, PathView)), None)


def _auth_names(callback: Any) -> list[str]:
    callbacks = default_auth() if isinstance(callback, DefaultAuth) else [callback]
    return [_name(each) if inspect.isfunction(each) else type(each).__name__ for each in callbacks]


def _name(function: Any) -> str:
    while isinstance(function, partial):
        function = function.func
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"
