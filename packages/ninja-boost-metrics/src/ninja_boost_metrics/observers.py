"""What follows every request: the gauge of active ones, and the record of each that is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ninja_boost_core.observers import ObserverMiddleware, ObserverOrder, RequestObserver

from .recording import current

if TYPE_CHECKING:
    from django.http import HttpRequest

    from ninja_boost_core.observers import Exchange

__all__ = ["MetricsMiddleware", "RequestMetrics", "request_metrics"]


class RequestMetrics(RequestObserver):
    """Records ``active_requests`` while a request is served and the rest when it is complete."""

    order: int = ObserverOrder.METRICS

    def started(self, exchange: Exchange) -> None:
        """Count the request as active."""
        recorder = current()
        if recorder is not None:
            # The settings may change before the request ends; what goes up comes down again.
            exchange.state[self] = recorder
            recorder.active(1)

    def completed(self, exchange: Exchange) -> None:
        """Record what became of it."""
        recorder = exchange.state.get(self)
        if recorder is not None:
            recorder.request(exchange)

    def released(self, exchange: Exchange) -> None:
        """Count it as active no more."""
        recorder = exchange.state.pop(self, None)
        if recorder is not None:
            recorder.active(-1)


request_metrics: RequestMetrics = RequestMetrics()


class MetricsMiddleware(ObserverMiddleware):
    """Records every request that passes it, whatever answers it.

    Sync and async. It stands near the top of ``MIDDLEWARE``.
    ``ninja_boost_lifecycle.LifecycleMiddleware`` does the same; with both, a request counts once.

    Raises:
        django.core.exceptions.ImproperlyConfigured: at start, if the METRICS setting is wrong.
        MissingDependency: at start, if the backend needs a library that is not installed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        current()
        super().__init__(get_response)

    def observers(self) -> Iterable[RequestObserver]:
        """Return the observer of this package."""
        return (request_metrics,)
