"""Metrics as log lines, for development and for who counts lines."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .base import BaseMetricsBackend, RecordRequest

if TYPE_CHECKING:
    from ninja_boost_metrics.series import RequestSeries

__all__ = ["LoggingBackend"]

logger: logging.Logger = logging.getLogger("ninja_boost.metrics")


class LoggingBackend(BaseMetricsBackend):
    """Writes a line to ``ninja_boost.metrics`` for each recording, at level INFO.

    A request is one line. ``metric``, ``kind``, ``value`` and ``labels`` are extras, for
    formatters that write them.
    """

    def increment(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """See BaseMetricsBackend."""
        self._write(name, "counter", value, labels)

    def gauge(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """See BaseMetricsBackend."""
        self._write(name, "gauge", value, labels)

    def timing(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """See BaseMetricsBackend."""
        self._write(name, "timing", value, labels)

    def active(self, change: int) -> None:
        """Count, without a line."""
        with self._active_lock:
            self._active += change

    def request(self, series: RequestSeries) -> RecordRequest:
        """Return what writes the one line of a request."""
        labels = {**series.counted, **(series.failed or {})}

        def record(seconds: float, trace_id: str | None) -> None:
            extra = {"active_requests": self._active}
            self._write("request", "timing", round(seconds * 1000.0, 3), labels, **extra)

        return record

    def _write(
        self, name: str, kind: str, value: float, labels: Mapping[str, str], **extra: Any
    ) -> None:
        if not logger.isEnabledFor(logging.INFO):
            return
        full = f"{self.namespace}_{name}" if self.namespace else name
        # JSON in ASCII: no label value can look like a line or a field.
        logger.info(
            "%s %s %s=%s %s",
            "metric",
            kind,
            full,
            f"{value:.15g}",
            json.dumps(labels),
            extra={"metric": full, "kind": kind, "value": value, "labels": dict(labels), **extra},
        )
