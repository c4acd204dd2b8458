"""Metrics through the OpenTelemetry API, for whichever SDK and exporter is set up."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from ninja_boost_metrics.series import (
    ACTIVE_REQUESTS,
    MILLISECONDS,
    REQUEST_DURATION_MS,
    REQUEST_ERRORS_TOTAL,
    REQUEST_TOTAL,
    SECONDS,
    SEMANTIC_DURATION,
    SEMANTIC_HELP,
)

from .base import BaseMetricsBackend, MissingDependency, RecordRequest

if TYPE_CHECKING:
    from ninja_boost_metrics.series import RequestSeries
    from ninja_boost_metrics.settings import MetricsOptions

__all__ = ["OpenTelemetryBackend"]


class OpenTelemetryBackend(BaseMetricsBackend):
    """Records with instruments named ``<namespace>.<name>``.

    ``http.server.request.duration`` follows the semantic convention, without the namespace. The
    SDK, its readers and exporters are the project's own; without an SDK nothing is recorded.

    Args:
        namespace: see BaseMetricsBackend.
        meter_provider: an ``opentelemetry.metrics.MeterProvider``; None: the global one.
        semantic_conventions: whether ``http.server.request.duration`` is recorded.

    Raises:
        MissingDependency: if opentelemetry-api is not installed.
    """

    def __init__(
        self,
        namespace: str = "ninja_boost",
        *,
        meter_provider: Any = None,
        semantic_conventions: bool = True,
    ) -> None:
        super().__init__(namespace)
        try:
            import opentelemetry.metrics as api  # type: ignore[import-not-found]
        except ImportError as error:
            raise MissingDependency('pip install "ninja-boost-metrics[otel]"') from error
        self._meter: Any = api.get_meter("ninja_boost_metrics", meter_provider=meter_provider)
        self._semantic = semantic_conventions
        self._instruments: dict[str, Any] = {}
        self._lock = Lock()

    @classmethod
    def from_settings(cls, options: MetricsOptions) -> Self:
        """See BaseMetricsBackend."""
        return cls(namespace=options.NAMESPACE, semantic_conventions=options.SEMANTIC_CONVENTIONS)

    def increment(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """See BaseMetricsBackend."""
        self._instrument("counter", name).add(value, labels)

    def gauge(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """See BaseMetricsBackend."""
        self._instrument("gauge", name).set(value, labels)

    def timing(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """See BaseMetricsBackend."""
        self._milliseconds(name).record(value, labels)

    def active(self, change: int) -> None:
        """See BaseMetricsBackend."""
        self._instrument("up_down_counter", ACTIVE_REQUESTS, unit="{request}").add(change)

    def request(self, series: RequestSeries) -> RecordRequest:
        """See BaseMetricsBackend."""
        counter = self._instrument("counter", REQUEST_TOTAL, unit="{request}")
        errors = self._instrument("counter", REQUEST_ERRORS_TOTAL, unit="{request}")
        duration = self._milliseconds(REQUEST_DURATION_MS)
        semantic = self._duration() if self._semantic else None

        def record(seconds: float, trace_id: str | None) -> None:
            counter.add(1, series.counted)
            duration.record(seconds * 1000.0, series.timed)
            if series.failed is not None:
                errors.add(1, series.failed)
            if semantic is not None:
                semantic.record(seconds, series.semantic)

        return record

    def _milliseconds(self, name: str) -> Any:
        return self._instrument(
            "histogram", name, unit="ms", explicit_bucket_boundaries_advisory=MILLISECONDS
        )

    def _duration(self) -> Any:
        return self._instrument(
            "histogram",
            SEMANTIC_DURATION,
            qualified=False,
            unit="s",
            description=SEMANTIC_HELP,
            explicit_bucket_boundaries_advisory=SECONDS,
        )

    def _instrument(self, kind: str, name: str, *, qualified: bool = True, **options: Any) -> Any:
        found = self._instruments.get(name)
        if found is None:
            full = f"{self.namespace}.{name}" if qualified and self.namespace else name
            with self._lock:
                found = self._instruments.get(name)
                if found is None:
                    found = getattr(self._meter, f"create_{kind}")(full, **options)
                    self._instruments[name] = found
        return found
