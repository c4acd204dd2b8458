"""The middleware that lets every installed feature follow every request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from ninja_boost_core.features import request_observers
from ninja_boost_core.observers import ObserverMiddleware, RequestObserver

__all__ = ["LifecycleMiddleware"]


class LifecycleMiddleware(ObserverMiddleware):
    """Runs the observers of the installed features, and emits the events of every request.

    In the order of the standard packages: the log context is bound, ``active_requests`` goes up,
    ``before_request`` is emitted, the view runs, the metrics are recorded, ``after_response`` is
    emitted, the access line is written, ``active_requests`` goes down. ``on_error`` is emitted
    when a view raises what nobody expected; Django or the API still answers it.

    Sync and async; twice in ``MIDDLEWARE`` it works once.
    """

    emits_events: ClassVar[bool] = True

    def observers(self) -> Iterable[RequestObserver]:
        return request_observers()
