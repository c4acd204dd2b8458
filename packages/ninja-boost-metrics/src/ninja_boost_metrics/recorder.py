"""Between who records and the backend: checked, capped, counted, and kept from disturbing."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from ninja_boost_core.client_address import is_secure

from .backends.base import BaseMetricsBackend, RecordRequest
from .labels import (
    DROPPED_TOTAL,
    OVERFLOW_TOTAL,
    Kind,
    Labels,
    Metric,
    MetricError,
    number,
)
from .series import (
    ACTIVE_REQUESTS,
    OVERFLOW,
    REQUEST_TOTAL,
    known_method,
    overflowing,
    series_of,
)

if TYPE_CHECKING:
    from ninja_boost_core.observers import Exchange

__all__ = ["Recorder", "statistics"]

logger: logging.Logger = logging.getLogger("ninja_boost.metrics")

MOST_METRICS: Final = 1000
"""Custom metrics; names come from code, and a name made from data must not fill the memory."""

PAUSE: Final = 60.0
"""Seconds between two lines about a failing backend."""

_TRACE_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_counts: Counter[str] = Counter({"misused": 0, "overflowed": 0, "failed": 0})
_count_lock = Lock()


def statistics() -> Mapping[str, int]:
    """Return what this process could not record as it was meant.

    ``misused``: recordings dropped because of a wrong name, label or value. ``overflowed``: those
    that share the overflow label, and gauges dropped, because a metric has too many label sets.
    ``failed``: those that the backend did not take.
    """
    return dict(_counts)


class Recorder:
    """One backend, and the label sets that it has been given.

    Args:
        backend: takes what is recorded.
        most: label sets of one metric.
    """

    def __init__(self, backend: BaseMetricsBackend, most: int) -> None:
        self.backend: BaseMetricsBackend = backend
        self._most = most
        self._send = {
            "counter": backend.increment,
            "gauge": backend.gauge,
            "timing": backend.timing,
        }
        self._metrics: dict[str, Metric] = {}
        self._requests: dict[tuple[Any, ...], RecordRequest] = {}
        self._active: Callable[[int], None] | None = None
        self._lock = Lock()
        self._told: set[tuple[str, str]] = set()
        self._failed_at = -PAUSE

    def record(self, kind: Kind, name: Any, value: Any, labels: Any) -> None:
        """Record one value of a custom metric; see ``increment``."""
        try:
            if labels is None:
                labels = {}
            elif not isinstance(labels, Mapping):
                kind_of = type(labels).__qualname__
                raise MetricError(
                    f"The labels of {name!r:.120} are a {kind_of}; give a dictionary."
                )
            known = self._metrics.get(name) if isinstance(name, str) else None
            metric = known or self._declare(kind, name, labels)
            if metric.kind != kind:
                raise MetricError(f"{name!r} is a {metric.kind}, and is used as a {kind}.")
            found = metric.set_for(labels)
            amount = number(kind, value)
            if found is None:
                self._overflowed(name)
                if kind == "gauge":
                    return
                found = metric.overflow
            self._send[kind](name, amount, found)
        except MetricError as error:
            self._misused(name, error)
        except Exception as error:  # noqa: BLE001 - logged there, once a minute
            self._failed(name, error)

    def active(self, change: int) -> None:
        """Note that a request started (1) or ended (-1)."""
        try:
            (self._active or self._bind_active())(change)
        except Exception as error:  # noqa: BLE001 - logged there, once a minute
            self._failed(ACTIVE_REQUESTS, error)

    def request(self, exchange: Exchange) -> None:
        """Record a request that is complete."""
        request, response, error = exchange.request, exchange.response, exchange.error
        key = (
            request.method,
            # As Django has it; what is recorded is the template.
            getattr(request.resolver_match, "route", None),
            exchange.status if response is None else response.status_code,
            is_secure(request),
            None if error is None else type(error),
            response is None,
        )
        trace_id = None
        try:
            record = self._requests.get(key) or self._bind(exchange, key)
            if self.backend.exemplars:
                trace_id = _trace_id(request)
            record(exchange.duration, trace_id)
        except Exception as failure:  # noqa: BLE001 - logged there, once a minute
            self._failed(REQUEST_TOTAL, failure)

    def _bind_active(self) -> Callable[[int], None]:
        self._active = active = self.backend.activity()
        return active

    def _bind(self, exchange: Exchange, key: tuple[Any, ...]) -> RecordRequest:
        """Return what records requests like this one, after the first from a dictionary."""
        method, _, status, secure, error, _ = key
        known = known_method(method)
        if known != method:
            # No key of its own: methods that nobody knows are without number.
            key = (known, *key[1:])
            if found := self._requests.get(key):
                return found
        disconnected = exchange.disconnected and exchange.response is None
        series = series_of(
            known,
            exchange.route,
            status,
            "https" if secure else "http",
            error,
            disconnected=disconnected,
        )
        with self._lock:
            record = self._requests.get(key)
            full = record is None and len(self._requests) >= self._most
            if full:
                key = (OVERFLOW, series.failed is not None)
                series = overflowing(failed=series.failed is not None)
                record = self._requests.get(key)
            if record is None:
                record = self._requests[key] = self.backend.request(series)
        if full:
            self._overflowed(REQUEST_TOTAL)
        return record

    def _declare(self, kind: Kind, name: str, labels: Labels) -> Metric:
        metric = Metric(name, kind, labels, self._most)
        with self._lock:
            if len(self._metrics) >= MOST_METRICS:
                raise MetricError(
                    f"There are {MOST_METRICS} metrics already: put into labels what {name!r} has "
                    "in its name."
                )
            return self._metrics.setdefault(name, metric)

    def _misused(self, name: object, error: MetricError) -> None:
        _count("misused")
        if settings.DEBUG:
            raise error
        # The text has what came as a value, so it is no key.
        place = name if isinstance(name, str) and name in self._metrics else "?"
        self._tell(place, "misused", "A metric was not recorded. %s", error)
        self._note(DROPPED_TOTAL, place)

    def _overflowed(self, name: str) -> None:
        _count("overflowed")
        self._tell(
            name,
            "overflowed",
            "The metric %r has %d label sets; more share the label %r. Give labels values from a "
            "small set, or raise NINJA_BOOST['METRICS']['MAX_LABEL_SETS'].",
            name,
            self._most,
            OVERFLOW,
        )
        self._note(OVERFLOW_TOTAL, name)

    def _note(self, counter: str, name: str) -> None:
        """Count in the backend too. Both counters have one label, whose values are few."""
        try:
            self.backend.increment(counter, 1.0, {"metric": name})
        except Exception as error:  # noqa: BLE001 - logged there, once a minute
            self._failed(counter, error)

    def _failed(self, name: str, error: Exception) -> None:
        _count("failed")
        now = monotonic()
        if now - self._failed_at >= PAUSE:
            self._failed_at = now
            logger.error(
                "%s could not record %r; %d recordings have failed so far.",
                type(self.backend).__qualname__,
                name,
                _counts["failed"],
                exc_info=error,
            )

    def _tell(self, place: str, what: str, text: str, *arguments: object) -> None:
        """Log a warning once for each metric."""
        if (place, what) not in self._told:
            self._told.add((place, what))
            logger.warning(text, *arguments, extra={"metric": place})


def _count(what: str) -> None:
    with _count_lock:
        _counts[what] += 1


def _trace_id(request: Any) -> str | None:
    found = getattr(request, "trace_id", None)
    return found if isinstance(found, str) and _TRACE_ID.fullmatch(found) else None
