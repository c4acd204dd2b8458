"""What every backend does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Self

from ninja_boost_core.problems import MissingDependency
from ninja_boost_metrics.series import (
    ACTIVE_REQUESTS,
    REQUEST_DURATION_MS,
    REQUEST_ERRORS_TOTAL,
    REQUEST_TOTAL,
)

if TYPE_CHECKING:
    from ninja_boost_metrics.series import RequestSeries
    from ninja_boost_metrics.settings import MetricsOptions

__all__ = ["BaseMetricsBackend", "MissingDependency", "RecordRequest"]

RecordRequest = Callable[[float, str | None], None]
"""Records one request: its duration in seconds, and its trace id."""


class BaseMetricsBackend(ABC):
    """Takes what is recorded somewhere. A subclass gives ``increment``, ``gauge`` and ``timing``.

    They are called in the midst of requests, from many threads and from event loops, so they must
    not wait for anything. Names and labels are checked before, the number of label sets is
    capped, and label values are texts of at most 200 characters: any text, so escape what means
    something to the receiver. What a backend raises is logged and counted and disturbs nobody.

    Args:
        namespace: what stands before each name, if it is not empty.
    """

    exemplars: bool = False
    """Whether the backend has a use for trace ids."""

    def __init__(self, namespace: str = "ninja_boost") -> None:
        self.namespace: str = namespace
        self._active = 0
        self._active_lock = Lock()

    @classmethod
    def from_settings(cls, options: MetricsOptions) -> Self:
        """Return a backend for ``NINJA_BOOST["METRICS"]``.

        Raises:
            django.core.exceptions.ImproperlyConfigured: naming the setting that is wrong.
            MissingDependency: if a library is missing.
        """
        return cls(namespace=options.NAMESPACE)

    @abstractmethod
    def increment(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """Add ``value`` to a counter; it is 0 or more."""

    @abstractmethod
    def gauge(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """Set a gauge to ``value``."""

    @abstractmethod
    def timing(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """Record a duration of ``value`` milliseconds."""

    def active(self, change: int) -> None:
        """Note that a request started (1) or ended (-1)."""
        with self._active_lock:
            self._active += change
            active = self._active
        self.gauge(ACTIVE_REQUESTS, active, {})

    def activity(self) -> Callable[[int], None]:
        """Return what notes that; it is called once, by who follows requests."""
        return self.active

    def request(self, series: RequestSeries) -> RecordRequest:
        """Return what records the requests of one series; it is called once for each series."""

        def record(seconds: float, trace_id: str | None) -> None:
            self.increment(REQUEST_TOTAL, 1.0, series.counted)
            self.timing(REQUEST_DURATION_MS, seconds * 1000.0, series.timed)
            if series.failed is not None:
                self.increment(REQUEST_ERRORS_TOTAL, 1.0, series.failed)

        return record

    def exposition(self, accept: str) -> tuple[bytes, str] | None:
        """Return what a scraper gets and its media type; None if there is nothing to scrape.

        Args:
            accept: the scraper's Accept header.
        """
        return None

    def close(self) -> None:
        """Give back what the backend holds; the settings have changed."""
