"""The event bus: what happens during a request, for whoever wants to know.

A handler that fails is logged, counted and otherwise ignored: it never changes the outcome of
the request, and the other handlers still run.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, Final, Literal, TypeVar, overload

from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from .callables import is_async

__all__ = [
    "AFTER_RESPONSE",
    "BEFORE_REQUEST",
    "ON_AUTH_FAILURE",
    "ON_ERROR",
    "ON_PERMISSION_DENIED",
    "ON_PLUGIN_LOADED",
    "ON_POLICY_DENIED",
    "ON_RATE_LIMIT_EXCEEDED",
    "ON_SERVICE_REGISTERED",
    "EventBus",
    "EventHandlerWarning",
    "event_bus",
]

BEFORE_REQUEST: Final = "before_request"
AFTER_RESPONSE: Final = "after_response"
ON_ERROR: Final = "on_error"
ON_AUTH_FAILURE: Final = "on_auth_failure"
ON_RATE_LIMIT_EXCEEDED: Final = "on_rate_limit_exceeded"
ON_PERMISSION_DENIED: Final = "on_permission_denied"
ON_POLICY_DENIED: Final = "on_policy_denied"
ON_SERVICE_REGISTERED: Final = "on_service_registered"
ON_PLUGIN_LOADED: Final = "on_plugin_loaded"

Delivery = Literal["inline", "on_commit", "task"]

_BUILT_IN: Mapping[str, tuple[str, ...]] = {
    BEFORE_REQUEST: ("request", "ctx"),
    AFTER_RESPONSE: ("request", "ctx", "response", "duration_ms"),
    ON_ERROR: ("request", "ctx", "exc"),
    ON_AUTH_FAILURE: ("request", "ctx"),
    ON_RATE_LIMIT_EXCEEDED: ("request", "ctx", "limit", "retry_after"),
    ON_PERMISSION_DENIED: ("request", "ctx", "permission", "reason"),
    ON_POLICY_DENIED: ("request", "ctx", "resource", "action", "decision"),
    ON_SERVICE_REGISTERED: ("name", "service"),
    ON_PLUGIN_LOADED: ("plugin",),
}

logger: logging.Logger = logging.getLogger("ninja_boost.events")

_Handler = TypeVar("_Handler", bound=Callable[..., Any])


class EventHandlerWarning(UserWarning):
    """A handler cannot take the arguments of the event that it was registered for."""


@dataclass(frozen=True, slots=True)
class _Subscription:
    handler: Callable[..., Any]
    priority: int
    once: bool
    delivery: Delivery
    is_async: bool

    @property
    def name(self) -> str:
        return _name(self.handler)

    @property
    def awaited(self) -> bool:
        """Whether ``aemit`` awaits the handler itself, without a thread."""
        return self.is_async and self.delivery == "inline"


class EventBus:
    """Handlers by event name; any string is an event.

    Handlers with a higher ``priority`` run first, those with the same one in the order of their
    registration. A handler that is registered again for the same event moves: it still runs
    once. Handlers may be added and removed from any thread and during an emission, which then
    goes on with those it started with.
    """

    def __init__(self) -> None:
        self._subscriptions: dict[str, tuple[_Subscription, ...]] = {}
        self._arguments = dict(_BUILT_IN)
        self._failures: Counter[tuple[str, str]] = Counter()
        self._running: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()

    @overload
    def on(
        self,
        event: str,
        handler: _Handler,
        *,
        priority: int = 0,
        once: bool = False,
        delivery: Delivery = "inline",
    ) -> _Handler: ...

    @overload
    def on(
        self,
        event: str,
        handler: None = None,
        *,
        priority: int = 0,
        once: bool = False,
        delivery: Delivery = "inline",
    ) -> Callable[[_Handler], _Handler]: ...

    def on(
        self,
        event: str,
        handler: _Handler | None = None,
        *,
        priority: int = 0,
        once: bool = False,
        delivery: Delivery = "inline",
    ) -> _Handler | Callable[[_Handler], _Handler]:
        """Register ``handler``, or the decorated function, and return it unchanged.

        Args:
            event: name of the event.
            handler: a sync or async callable; a ``django.tasks`` task with ``delivery="task"``.
            priority: higher runs earlier.
            once: remove the handler when it first runs.
            delivery: ``"inline"`` runs it during the emission; ``"on_commit"`` after the
                current transaction, never if it is rolled back; ``"task"`` enqueues it. A
                task gets what JSON can hold: of a request its method and path, of a response
                its status code, of an exception its type, of ``ctx`` the plain values, and of
                what has ``as_dict()``, what that returns.

        Raises:
            TypeError: if the handler cannot be called, or delivered as a task.
            ValueError: for an unknown ``delivery``.

        Warns:
            EventHandlerWarning: if the handler cannot take the arguments of the event.
        """
        if handler is None:
            return partial(self.on, event, priority=priority, once=once, delivery=delivery)
        self._register(event, handler, priority, once, delivery)
        return handler

    @overload
    def once(
        self, event: str, handler: _Handler, *, priority: int = 0, delivery: Delivery = "inline"
    ) -> _Handler: ...

    @overload
    def once(
        self, event: str, handler: None = None, *, priority: int = 0, delivery: Delivery = "inline"
    ) -> Callable[[_Handler], _Handler]: ...

    def once(
        self,
        event: str,
        handler: _Handler | None = None,
        *,
        priority: int = 0,
        delivery: Delivery = "inline",
    ) -> _Handler | Callable[[_Handler], _Handler]:
        """Like ``on``, for the next emission only."""
        if handler is None:
            return partial(self.once, event, priority=priority, delivery=delivery)
        self._register(event, handler, priority, True, delivery)
        return handler

    def off(self, event: str, handler: Callable[..., Any]) -> bool:
        """Remove a handler; return whether it was registered."""
        with self._lock:
            before = self._subscriptions.get(event, ())
            after = self._without(event, handler)
            self._replace(event, after)
            return len(after) < len(before)

    def clear(self, event: str | None = None) -> None:
        """Remove the handlers of one event, or all of them, and the failures counted."""
        with self._lock:
            if event is None:
                self._subscriptions.clear()
                self._failures.clear()
            else:
                self._replace(event, ())
                for key in [key for key in self._failures if key[0] == event]:
                    del self._failures[key]

    def declare(self, event: str, arguments: Iterable[str]) -> None:
        """Say which keyword arguments an event has, so that handlers are checked against it."""
        self._arguments[event] = tuple(arguments)

    def has_handlers(self, event: str) -> bool:
        """Whether anybody listens; ask before preparing the arguments of an emission."""
        return event in self._subscriptions

    @property
    def failures(self) -> Mapping[tuple[str, str], int]:
        """How often each handler failed, by event and handler name."""
        with self._lock:
            return dict(self._failures)

    def emit(self, event: str, /, **kwargs: Any) -> None:
        """Run the handlers of ``event``.

        An async handler is run to its end, unless this thread is running an event loop: there
        it becomes a task of the loop, which runs soon and is not waited for. Async code
        should use ``aemit``.
        """
        if subscriptions := self._subscriptions.get(event):
            self._deliver(event, subscriptions, kwargs)

    async def aemit(self, event: str, /, **kwargs: Any) -> None:
        """Run the handlers of ``event`` from async code, one after another.

        Async handlers are awaited; sync ones run in Django's thread for sync code, because
        they may use the ORM.
        """
        subscriptions = self._subscriptions.get(event, ())
        for awaited, group in groupby(subscriptions, key=lambda each: each.awaited):
            if not awaited:
                # Neighbours share one trip to the thread.
                await sync_to_async(self._deliver)(event, tuple(group), kwargs)
                continue
            for subscription in group:
                if self._claim(event, subscription):
                    await self._arun(event, subscription, kwargs)

    def _register(
        self, event: str, handler: Callable[..., Any], priority: int, once: bool, delivery: Delivery
    ) -> None:
        _check_delivery(handler, delivery)
        subscription = _Subscription(handler, priority, once, delivery, is_async(handler))
        with self._lock:
            others = self._without(event, handler)
            self._subscriptions[event] = tuple(
                sorted((*others, subscription), key=lambda each: -each.priority)
            )
        arguments = self._arguments.get(event)
        mismatch = None if arguments is None else _mismatch(handler, arguments)
        if arguments is not None and mismatch is not None:
            warnings.warn(
                f"{subscription.name} cannot handle {event!r}: {mismatch}. The event has the "
                f"keyword arguments {', '.join(arguments)}: name those you need and accept **kw.",
                EventHandlerWarning,
                # The module that registers the handler, whether by call or by decorator.
                stacklevel=3,
            )

    def _deliver(
        self, event: str, subscriptions: Sequence[_Subscription], kwargs: dict[str, Any]
    ) -> None:
        for subscription in subscriptions:
            if not self._claim(event, subscription):
                continue
            with self._isolated(event, subscription):
                if subscription.delivery == "task":
                    # A task is no plain function: ``on`` made sure that it can be enqueued.
                    enqueue = subscription.handler.enqueue  # type: ignore[attr-defined]
                    enqueue(**_task_arguments(kwargs))
                elif subscription.delivery == "on_commit":
                    run = partial(self._run, event, subscription, kwargs)
                    transaction.on_commit(run, robust=True)
                else:
                    self._call(event, subscription, kwargs)

    def _run(self, event: str, subscription: _Subscription, kwargs: dict[str, Any]) -> None:
        with self._isolated(event, subscription):
            self._call(event, subscription, kwargs)

    def _call(self, event: str, subscription: _Subscription, kwargs: dict[str, Any]) -> None:
        if not subscription.is_async:
            subscription.handler(**kwargs)
        elif loop := _running_loop():
            task = loop.create_task(self._arun(event, subscription, kwargs))
            # The loop itself holds its tasks weakly.
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        else:
            async_to_sync(subscription.handler)(**kwargs)

    async def _arun(self, event: str, subscription: _Subscription, kwargs: dict[str, Any]) -> None:
        with self._isolated(event, subscription):
            await subscription.handler(**kwargs)

    @contextmanager
    def _isolated(self, event: str, subscription: _Subscription) -> Iterator[None]:
        try:
            yield
        except Exception:
            with self._lock:
                self._failures[event, subscription.name] += 1
            logger.exception(
                "Handler %s of event %r failed.",
                subscription.name,
                event,
                extra={"event_name": event, "handler": subscription.name},
            )

    def _claim(self, event: str, subscription: _Subscription) -> bool:
        """Whether to run a handler now; of concurrent emissions, one gets a ``once`` handler."""
        if not subscription.once:
            return True
        with self._lock:
            current = self._subscriptions.get(event, ())
            if subscription not in current:
                return False
            self._replace(event, tuple(each for each in current if each != subscription))
            return True

    def _without(self, event: str, handler: Callable[..., Any]) -> tuple[_Subscription, ...]:
        current = self._subscriptions.get(event, ())
        return tuple(each for each in current if each.handler != handler)

    def _replace(self, event: str, subscriptions: tuple[_Subscription, ...]) -> None:
        if subscriptions:
            self._subscriptions[event] = subscriptions
        else:
            self._subscriptions.pop(event, None)


def _mismatch(handler: Callable[..., Any], arguments: Iterable[str]) -> str | None:
    """Why ``handler`` cannot be called with these keyword arguments, or None if it can."""
    function = getattr(handler, "func", handler) if hasattr(handler, "enqueue") else handler
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None  # Some callables written in C have no signature to check.
    try:
        context = [None] if getattr(handler, "takes_context", False) else []
        signature.bind(*context, **dict.fromkeys(arguments))
    except TypeError as exc:
        return str(exc)
    return None


def _check_delivery(handler: Callable[..., Any], delivery: str) -> None:
    if delivery not in ("inline", "on_commit", "task"):
        raise ValueError(f"delivery={delivery!r}; it is 'inline', 'on_commit' or 'task'.")
    enqueues = callable(getattr(handler, "enqueue", None))
    if delivery == "task" and not enqueues:
        raise TypeError(
            f"{_name(handler)} is no task: delivery='task' takes a function decorated with "
            "@django.tasks.task (Django 6.0 or later)."
        )
    if delivery != "task" and not callable(handler):
        raise TypeError(
            f"{_name(handler)} is a task: register it with delivery='task'."
            if enqueues
            else f"{handler!r} cannot be called, so it cannot handle an event."
        )


def _task_arguments(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _json_value(name, value) for name, value in kwargs.items()}


def _json_value(name: str, value: Any) -> Any:
    """What a task may see of an argument; what it is not made for, enqueuing refuses."""
    if isinstance(value, HttpRequest):
        return {"method": value.method, "path": value.path}
    if isinstance(value, HttpResponseBase):
        return {"status_code": value.status_code}
    if isinstance(value, BaseException):
        # Not its text, which may hold what must not be stored.
        return {"type": f"{type(value).__module__}.{type(value).__qualname__}"}
    as_dict = getattr(value, "as_dict", None)
    if callable(as_dict):
        return as_dict()
    if name == "ctx" and isinstance(value, Mapping):
        plain = bool | int | float | str | None
        return {key: item for key, item in value.items() if isinstance(item, plain)}
    return value


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _name(handler: Callable[..., Any]) -> str:
    while isinstance(handler, partial):
        handler = handler.func
    handler = getattr(handler, "func", handler)
    named = handler if hasattr(handler, "__qualname__") else type(handler)
    return f"{named.__module__}.{named.__qualname__}"


event_bus: EventBus = EventBus()
