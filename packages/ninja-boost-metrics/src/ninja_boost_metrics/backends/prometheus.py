"""Metrics that Prometheus scrapes, of one process or of several."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Self

from ninja_boost_core.problems import Misconfigured
from ninja_boost_metrics.labels import MetricError
from ninja_boost_metrics.series import (
    ACTIVE_REQUESTS,
    MILLISECONDS,
    REQUEST_DURATION_MS,
    REQUEST_ERRORS_TOTAL,
    REQUEST_TOTAL,
    SECONDS,
    SEMANTIC_HELP,
)

from .base import BaseMetricsBackend, MissingDependency, RecordRequest

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from ninja_boost_metrics.series import RequestSeries
    from ninja_boost_metrics.settings import MetricsOptions

__all__ = ["PrometheusBackend"]

MULTIPROCESS: Final = "PROMETHEUS_MULTIPROC_DIR"
_SEMANTIC_NAME: Final = "http_server_request_duration_seconds"
_SEMANTIC_LABELS: Final = {
    "http.request.method": "http_request_method",
    "http.response.status_code": "http_response_status_code",
    "http.route": "http_route",
    "url.scheme": "url_scheme",
    "error.type": "error_type",
}
EXEMPLAR_EVERY: Final = 1.0
"""Seconds after which a bucket names another trace."""
_HELP: Final = {
    REQUEST_TOTAL: "Requests, by method, route template and status.",
    REQUEST_DURATION_MS: "Milliseconds from the start of a request to its last byte.",
    REQUEST_ERRORS_TOTAL: "Requests that ended with a 5xx or an unexpected exception.",
    ACTIVE_REQUESTS: "Requests that are being served.",
}


def _make_writable(directory: str) -> None:
    path = Path(directory)
    problem: OSError | None = None
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = error
    if problem is not None or not os.access(path, os.W_OK):
        raise Misconfigured(
            f"{MULTIPROCESS} is {directory!r}, which is no directory that can be written to.",
            "Name another, or unset the variable.",
        ) from problem


def _adder(child: Any) -> Callable[[float], None]:
    """Return the ``inc`` of a counter or gauge without its checks, which one with labels passes."""
    add: Callable[[float], None] = getattr(getattr(child, "_value", None), "inc", child.inc)
    return add


def _observer(child: Any) -> Callable[[float], None]:
    """Return the ``observe`` of a histogram without its checks and its search for the bucket."""
    try:
        add, bounds = child._sum.inc, child._upper_bounds
        buckets = [bucket.inc for bucket in child._buckets]
    except AttributeError:
        # A version of the library that keeps them otherwise.
        plain: Callable[[float], None] = child.observe
        return plain

    def observe(amount: float) -> None:
        add(amount)
        buckets[bisect_left(bounds, amount)](1)

    return observe


def _named_observer(child: Any) -> RecordRequest:
    """Return what observes seconds and, once in a while, says of which trace they are.

    A bucket keeps the last trace alone, and is scraped every few seconds: naming one costs as much
    as all the rest.
    """
    observe, observe_named = _observer(child), child.observe
    due = [0.0] * (len(SECONDS) + 1)

    def record(seconds: float, trace_id: str | None) -> None:
        if trace_id is not None:
            now, bucket = monotonic(), bisect_left(SECONDS, seconds)
            if now >= due[bucket]:
                due[bucket] = now + EXEMPLAR_EVERY
                observe_named(seconds, {"trace_id": trace_id})
                return
        observe(seconds)

    return record


def _nothing(seconds: float, trace_id: str | None) -> None:
    """Record nothing."""


class PrometheusBackend(BaseMetricsBackend):
    """Keeps metrics in a registry of ``prometheus_client``.

    With ``PROMETHEUS_MULTIPROC_DIR`` in the environment when the process starts, the processes of
    a server share their metrics in files of that directory, and a scrape of any of them sees all.
    A custom gauge then is what a process set last; exemplars are not kept.

    Args:
        namespace: see BaseMetricsBackend.
        registry: where the metrics are registered; None: the library's own, which also has the
            metrics of the process and of other libraries.
        semantic_conventions: whether ``http_server_request_duration_seconds`` is recorded.
        exemplars: whether its buckets name a trace.

    Raises:
        MissingDependency: if prometheus-client is not installed.
        django.core.exceptions.ImproperlyConfigured: if ``PROMETHEUS_MULTIPROC_DIR`` names no
            directory that can be written to.
    """

    def __init__(
        self,
        namespace: str = "ninja_boost",
        *,
        registry: CollectorRegistry | None = None,
        semantic_conventions: bool = True,
        exemplars: bool = True,
    ) -> None:
        super().__init__(namespace)
        try:
            import prometheus_client
        except ImportError as error:
            raise MissingDependency('pip install "ninja-boost-metrics[prometheus]"') from error
        self._client = prometheus_client
        self._registry = prometheus_client.REGISTRY if registry is None else registry
        self._directory = os.environ.get(MULTIPROCESS)
        if self._directory is not None:
            _make_writable(self._directory)
        # In several processes the library drops exemplars, so preparing them would be in vain.
        self.exemplars: bool = exemplars and self._directory is None
        self._semantic = semantic_conventions
        self._collectors: dict[str, Any] = {}
        self._children: dict[tuple[str, ...], Any] = {}
        self._lock = Lock()

    @classmethod
    def from_settings(cls, options: MetricsOptions) -> Self:
        """See BaseMetricsBackend."""
        return cls(
            namespace=options.NAMESPACE,
            semantic_conventions=options.SEMANTIC_CONVENTIONS,
            exemplars=options.EXEMPLARS,
        )

    def increment(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """See BaseMetricsBackend. Prometheus ends the name with ``_total``."""
        self._child("Counter", name, labels).inc(value)

    def gauge(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """See BaseMetricsBackend."""
        self._child("Gauge", name, labels, multiprocess_mode="mostrecent").set(value)

    def timing(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """Observe milliseconds in a histogram."""
        self._child("Histogram", name, labels, buckets=MILLISECONDS).observe(value)

    def active(self, change: int) -> None:
        """See BaseMetricsBackend; the sum over the processes that are alive."""
        self.activity()(change)

    def activity(self) -> Callable[[int], None]:
        """See BaseMetricsBackend."""
        return _adder(self._child("Gauge", ACTIVE_REQUESTS, {}, multiprocess_mode="livesum"))

    def request(self, series: RequestSeries) -> RecordRequest:
        """See BaseMetricsBackend."""
        count = _adder(self._child("Counter", REQUEST_TOTAL, series.counted))
        observe = _observer(
            self._child("Histogram", REQUEST_DURATION_MS, series.timed, buckets=MILLISECONDS)
        )
        count_error = None
        if series.failed is not None:
            count_error = _adder(self._child("Counter", REQUEST_ERRORS_TOTAL, series.failed))
        if self._semantic:
            observe_seconds = _named_observer(self._semantic_child(series))
        else:
            observe_seconds = _nothing

        def record(seconds: float, trace_id: str | None) -> None:
            count(1)
            observe(seconds * 1000.0)
            if count_error is not None:
                count_error(1)
            observe_seconds(seconds, trace_id)

        return record

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return the metrics in the text format, or in OpenMetrics for who prefers that."""
        from prometheus_client.exposition import choose_encoder
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = self._registry
        if self._directory is not None:
            registry = self._client.CollectorRegistry()
            MultiProcessCollector(registry, path=self._directory)  # type: ignore[no-untyped-call]
        try:
            encode, content_type = choose_encoder(accept)
        except (TypeError, ValueError):
            # A version that is no number.
            encode, content_type = choose_encoder("")
        return encode(registry), content_type

    def close(self) -> None:
        """Take the metrics out of the registry."""
        with self._lock:
            for collector in self._collectors.values():
                self._registry.unregister(collector)
            self._collectors.clear()
            self._children.clear()

    def _semantic_child(self, series: RequestSeries) -> Any:
        labels = {
            label: str(series.semantic.get(attribute, ""))
            for attribute, label in _SEMANTIC_LABELS.items()
        }
        return self._child(
            "Histogram", _SEMANTIC_NAME, labels, namespace="", help=SEMANTIC_HELP, buckets=SECONDS
        )

    def _child(self, kind: str, name: str, labels: Mapping[str, str], **options: Any) -> Any:
        """Return the metric of one label set, from a dictionary after its first use."""
        key = (name, *labels.values())
        child = self._children.get(key)
        if child is None:
            with self._lock:
                collector = self._collectors.get(name)
                if collector is None:
                    collector = self._collectors[name] = self._create(
                        kind, name, tuple(labels), **options
                    )
                child = collector.labels(**labels) if labels else collector
                self._children[key] = child
        return child

    def _create(
        self,
        kind: str,
        name: str,
        labels: Sequence[str],
        *,
        namespace: str | None = None,
        help: str | None = None,  # noqa: A002 - Prometheus's own word
        **options: Any,
    ) -> Any:
        make = getattr(self._client, kind)
        try:
            return make(
                name,
                help or _HELP.get(name, name),
                labels,
                namespace=self.namespace if namespace is None else namespace,
                registry=self._registry,
                **options,
            )
        except ValueError as error:
            raise MetricError(f"Prometheus cannot have the metric {name!r}: {error}") from error
