"""Who still uses what is deprecated: counted, logged, announced."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from django.utils.http import http_date

from ninja_boost_core.events import event_bus
from ninja_boost_core.steps import Do, Steps

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .deprecation import Deprecation

__all__ = ["ON_DEPRECATED_USE", "deprecation_statistics", "used"]

ON_DEPRECATED_USE: Final = "on_deprecated_use"
"""Event with ``request``, ``ctx``, ``route``, ``sunset`` (Unix time or None), ``replacement``."""

event_bus.declare(ON_DEPRECATED_USE, ("request", "ctx", "route", "sunset", "replacement"))

logger: logging.Logger = logging.getLogger("ninja_boost.versioning")

LOG_INTERVAL = 3600.0
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_counts: Counter[str] = Counter()
_logged: dict[str, float] = {}
_lock = threading.Lock()


def deprecation_statistics() -> dict[str, int]:
    """Return how often each deprecated route was used in this process.

    The keys are route templates with their method, such as ``"GET /api/items/{id}"``.
    """
    with _lock:
        return dict(_counts)


def reset() -> None:
    """Forget what was counted and logged."""
    with _lock:
        _counts.clear()
        _logged.clear()


def used(
    request: HttpRequest, ctx: dict[str, Any], route: str, deprecation: Deprecation
) -> Steps[None]:
    """Count one use, log the first of each hour, and emit the event if anybody listens.

    Args:
        route: the route template or prefix; never a path, of which there is no end.
    """
    method = request.method if request.method in _METHODS else "OTHER"
    key = f"{method} {route}"
    if _count(key, time.monotonic()):
        logger.warning(
            "The deprecated route %s is in use%s.",
            key,
            "" if deprecation.sunset is None else f"; its sunset: {http_date(deprecation.sunset)}",
            extra={"route": route, "replacement": deprecation.replacement},
        )
    if event_bus.has_handlers(ON_DEPRECATED_USE):
        arguments = {
            "request": request,
            "ctx": ctx,
            "route": route,
            "sunset": deprecation.sunset,
            "replacement": deprecation.replacement,
        }
        yield Do(
            lambda: event_bus.emit(ON_DEPRECATED_USE, **arguments),
            lambda: event_bus.aemit(ON_DEPRECATED_USE, **arguments),
        )


def _count(key: str, now: float) -> bool:
    """Count a use; return whether it is time to log."""
    with _lock:
        _counts[key] += 1
        last = _logged.get(key)
        due = last is None or now - last >= LOG_INTERVAL
        if due:
            _logged[key] = now
        return due
