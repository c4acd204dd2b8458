"""``@track``: how often something is called, and how long it takes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.http import HttpRequest

from ninja_boost_core import Hook, Order, attach
from ninja_boost_core.callables import is_async
from ninja_boost_core.conf import boost_settings

from .labels import MetricError, checked_labels, checked_name
from .recording import current
from .settings import MetricsSettings

if TYPE_CHECKING:
    from ninja.operation import Operation

    from ninja_boost_core import Call

__all__ = ["TrackHook", "track"]

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

OUTCOME = "outcome"


class Tracked:
    """The two metrics of something that is tracked.

    Args:
        name: the metrics are ``<name>_total`` and ``<name>_duration_ms``.
        labels: labels of both, beside ``outcome``.

    Raises:
        MetricError: if the name or a label is wrong.
    """

    def __init__(self, name: str, labels: Mapping[str, Any]) -> None:
        self.name: str = name
        self.total: str = checked_name(f"{name}_total")
        self.duration: str = checked_name(f"{name}_duration_ms")
        if OUTCOME in checked_labels(labels):
            raise MetricError(f"The label {OUTCOME!r} is set by track() itself.")
        self.labels: Mapping[bool, Mapping[str, Any]] = {
            True: {**labels, OUTCOME: "success"},
            False: {**labels, OUTCOME: "error"},
        }

    def record(self, started: float, *, succeeded: bool) -> None:
        """Record one call that began at ``started``, a time of ``perf_counter``."""
        if (recorder := current()) is not None:
            milliseconds = (perf_counter() - started) * 1000.0
            recorder.record("counter", self.total, 1.0, self.labels[succeeded])
            recorder.record("timing", self.duration, milliseconds, self.labels[succeeded])

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Record what happens within."""
        started, succeeded = perf_counter(), False
        try:
            yield
            succeeded = True
        finally:
            self.record(started, succeeded=succeeded)


class TrackHook(Hook):
    """Tracks an operation, from just before the view until its result is rendered.

    So the queries of a lazy queryset count. A request that never gets to the view, because it is
    refused or answered from a cache, is no call.
    """

    order: int = Order.PAGINATION + 50

    def __init__(self, tracked: Tracked) -> None:
        self.tracked: Tracked = tracked

    def bind(self, operation: Operation) -> Hook | None:
        """Stay out while nothing is recorded."""
        options = boost_settings.section(MetricsSettings).METRICS
        return None if options.BACKEND is None else self

    def before_view(self, call: Call) -> None:
        """Start the clock."""
        call.state[self] = perf_counter()

    def on_response(self, call: Call) -> None:
        """Record the call, if it got to the view."""
        started = call.state.pop(self, None)
        if started is not None:
            self.tracked.record(started, succeeded=call.error is None)

    def describe(self) -> str:
        """Return one line for the route inventory."""
        return f"tracked as {self.tracked.name}"


def track(
    name: str, *, labels: Mapping[str, Any] | None = None
) -> Callable[[FunctionT], FunctionT]:
    """Return a decorator that counts calls and records how long they take.

    The metrics are ``<name>_total`` and ``<name>_duration_ms``, with the label ``outcome``:
    ``success``, or ``error`` if an exception was raised.

    On a view, which is a function whose first parameter is ``request``, it is a hook of the
    operation. Any other function, sync or async, may be tracked too.

    Args:
        name: as for ``increment``.
        labels: more labels, the same for each call.

    Raises:
        MetricError: if the name or a label is wrong.
        TypeError: on a generator that is no view: its work is done after the call.
    """
    if not isinstance(name, str):
        raise TypeError('track() takes the name of the metric: @track("slow_query").')
    tracked = Tracked(name, labels or {})

    def decorate(function: FunctionT) -> FunctionT:
        if _is_view(function):
            return attach(TrackHook(tracked))(function)
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"{function.__qualname__} is a generator, which works after the call: track what "
                "it calls, or use timing()."
            )
        return cast(FunctionT, _wrapper(function, tracked))

    return decorate


def _wrapper(function: Callable[..., Any], tracked: Tracked) -> Callable[..., Any]:
    if is_async(function):

        @functools.wraps(function)
        async def tracked_async(*args: Any, **kwargs: Any) -> Any:
            with tracked.measured():
                return await function(*args, **kwargs)

        return tracked_async

    @functools.wraps(function)
    def tracked_sync(*args: Any, **kwargs: Any) -> Any:
        with tracked.measured():
            return function(*args, **kwargs)

    return tracked_sync


def _is_view(function: Callable[..., Any]) -> bool:
    first = next(iter(inspect.signature(function).parameters.values()), None)
    if first is None or first.name != "request":
        return False
    annotation = first.annotation
    if annotation is inspect.Parameter.empty or annotation is Any:
        return True
    if isinstance(annotation, str):
        return annotation.rpartition(".")[2] in ("HttpRequest", "Any")
    return isinstance(annotation, type) and issubclass(annotation, HttpRequest)
