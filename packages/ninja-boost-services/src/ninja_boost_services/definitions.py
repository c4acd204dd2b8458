"""What is known of a service before it is made."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from ninja_boost_core.callables import is_async

from .base import BoostService

__all__ = [
    "MISSING",
    "REQUEST",
    "Definition",
    "ScopeName",
    "define_factory",
    "define_service",
    "define_value",
]

ScopeName = Literal["singleton", "request"]
MISSING: Final = object()
REQUEST: Final = "request"
"""The parameter that gets the request, so no service may have this name."""


@dataclass(frozen=True, slots=True)
class Definition:
    """How to make a service.

    Attributes:
        name: what it is called.
        origin: the object that was registered.
        factory: what makes it.
        value: the service itself, if it is there already; else ``MISSING``.
        scope: how long it lives.
        dependencies: the services that the factory takes.
        takes_request: whether the factory takes the request.
        is_async: whether only async code can make it, whatever its dependencies are.
        enter: whether a context manager is entered.
        ping: takes the service and tells how it is; see ``BoostService.ping``.
    """

    name: str
    origin: Any
    factory: Callable[..., Any]
    value: Any = MISSING
    scope: ScopeName = "singleton"
    dependencies: tuple[str, ...] = ()
    takes_request: bool = False
    is_async: bool = False
    enter: bool = True
    ping: Callable[[Any], Any] | None = None


def define_value(name: str, value: Any, ping: Callable[[Any], Any] | None = None) -> Definition:
    """Describe a service that is there."""
    ping = _own_ping(type(value)) if ping is None else ping
    return Definition(_checked(name), value, factory=lambda: value, value=value, ping=ping)


def define_service(service: Any, name: str | None = None, ping: Any = None) -> Definition:
    """Describe an object, or a class that makes one.

    Raises:
        TypeError: if it has no name, or is an instance of which no other can be made.
        ValueError: if the name cannot be used.
    """
    cls = service if inspect.isclass(service) else type(service)
    name = getattr(service, "name", None) if name is None else name
    if not isinstance(name, str):
        raise TypeError(f"{_title(service)} has no name: give its class a ``name`` that is text.")
    ping = _own_ping(cls) if ping is None else ping
    scoped = bool(getattr(service, "scoped", False))
    if service is cls:
        return define_factory(name, cls, "request" if scoped else "singleton", ping=ping)
    if not scoped:
        return define_value(name, service, ping)
    dependencies, takes_request = _parameters(cls)
    if dependencies or takes_request or _optional(cls):
        raise TypeError(
            f"{_title(service)} is scoped, so each request makes its own, and how this one was "
            f"made is not known: register the class {cls.__qualname__}, or a factory."
        )
    return define_factory(name, cls, "request", ping=ping, origin=service)


def define_factory(
    name: str,
    factory: Callable[..., Any],
    scope: ScopeName,
    *,
    enter: bool = True,
    ping: Callable[[Any], Any] | None = None,
    origin: Any = None,
) -> Definition:
    """Describe what a factory makes; see ``ServiceRegistry.register_factory``."""
    if not callable(factory):
        raise TypeError(f"The factory of the service {name!r} is {factory!r}; it must be callable.")
    if scope not in get_args(ScopeName):
        raise ValueError(f"scope={scope!r} of {name!r}; it is 'singleton' or 'request'.")
    dependencies, takes_request = _parameters(factory)
    if takes_request and scope == "singleton":
        raise TypeError(f"{name!r} takes the request but outlives it: use scope='request'.")
    only_async = _makes_async(factory)
    made_by = factory
    # A decorated generator function is a context manager's factory already.
    if inspect.isgeneratorfunction(factory):
        made_by = contextmanager(factory)
    elif inspect.isasyncgenfunction(factory):
        made_by = asynccontextmanager(factory)
    return Definition(
        name=_checked(name),
        origin=factory if origin is None else origin,
        factory=made_by,
        scope=scope,
        dependencies=dependencies,
        takes_request=takes_request,
        is_async=only_async,
        enter=enter,
        ping=ping,
    )


def _makes_async(factory: Callable[..., Any]) -> bool:
    if inspect.isclass(factory):
        return hasattr(factory, "__aenter__") and not hasattr(factory, "__enter__")
    return is_async(factory) or inspect.isasyncgenfunction(inspect.unwrap(factory))


def _parameters(factory: Callable[..., Any]) -> tuple[tuple[str, ...], bool]:
    """Return the services that the factory takes, and whether it takes the request."""
    required = [p for p in _signature(factory) if p.default is p.empty]
    for parameter in required:
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise TypeError(f"{_title(factory)} takes {parameter.name!r} by position only.")
    names = [p.name for p in required]
    return tuple(name for name in names if name != REQUEST), REQUEST in names


def _optional(factory: Callable[..., Any]) -> bool:
    return any(p.default is not p.empty for p in _signature(factory))


def _signature(factory: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return []  # Some callables written in C have no signature, and take nothing by name.
    return [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def _own_ping(cls: type) -> Callable[[Any], Any] | None:
    if issubclass(cls, BoostService) and cls.ping is not BoostService.ping:
        return cls.ping
    return None


def _checked(name: str) -> str:
    if not name or name == REQUEST:
        raise ValueError(f"A service cannot be called {name!r}.")
    return name


def _title(thing: Any) -> str:
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__module__}.{named.__qualname__}"
