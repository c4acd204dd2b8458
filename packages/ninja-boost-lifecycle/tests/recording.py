"""Observers that stand where the packages for logs and metrics have theirs."""

from __future__ import annotations

from ninja_boost_core.events import event_bus
from ninja_boost_core.observers import ObserverMiddleware, ObserverOrder, RequestObserver

seen: list[str] = []
exchanges: list = []


class Log(RequestObserver):
    order = ObserverOrder.LOG_CONTEXT

    def started(self, exchange):
        seen.append("log context bound")

    def released(self, exchange):
        seen.append("log context unbound")


class Gauge(RequestObserver):
    order = ObserverOrder.METRICS

    def started(self, exchange):
        seen.append("gauge up")

    def responded(self, exchange):
        seen.append("headers")

    def completed(self, exchange):
        seen.append(f"metrics {exchange.status}")

    def released(self, exchange):
        seen.append("gauge down")


class AccessLog(RequestObserver):
    order = ObserverOrder.ACCESS_LOG

    def completed(self, exchange):
        exchanges.append(exchange)
        seen.append("access line")


OBSERVERS = (AccessLog(), Gauge(), Log())


class MetricsAlone(ObserverMiddleware):
    def observers(self):
        return OBSERVERS[1:2]


def listen():
    """Record the events from now on; return how to stop."""

    def before(request, ctx, **kw):
        seen.append("before_request")

    def after(request, ctx, response, duration_ms, **kw):
        seen.append("after_response")

    def error(request, ctx, exc, **kw):
        seen.append(f"on_error {type(exc).__name__}")

    handlers = {"before_request": before, "after_response": after, "on_error": error}
    for event, handler in handlers.items():
        event_bus.on(event, handler)

    def stop():
        for event, handler in handlers.items():
            event_bus.off(event, handler)

    return stop
