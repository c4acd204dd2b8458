"""Request and custom metrics for Django Ninja: Prometheus, StatsD, OpenTelemetry, logs."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .backends.base import BaseMetricsBackend as BaseMetricsBackend
    from .backends.logs import LoggingBackend as LoggingBackend
    from .backends.opentelemetry import OpenTelemetryBackend as OpenTelemetryBackend
    from .backends.prometheus import PrometheusBackend as PrometheusBackend
    from .backends.statsd import StatsDBackend as StatsDBackend
    from .endpoint import metrics_view as metrics_view
    from .observers import MetricsMiddleware as MetricsMiddleware
    from .recorder import statistics as statistics
    from .recording import gauge as gauge
    from .recording import increment as increment
    from .recording import timing as timing
    from .tracking import track as track

_HOMES = {
    "BaseMetricsBackend": "ninja_boost_metrics.backends.base",
    "LoggingBackend": "ninja_boost_metrics.backends.logs",
    "MetricsMiddleware": "ninja_boost_metrics.observers",
    "OpenTelemetryBackend": "ninja_boost_metrics.backends.opentelemetry",
    "PrometheusBackend": "ninja_boost_metrics.backends.prometheus",
    "StatsDBackend": "ninja_boost_metrics.backends.statsd",
    "gauge": "ninja_boost_metrics.recording",
    "increment": "ninja_boost_metrics.recording",
    "metrics_view": "ninja_boost_metrics.endpoint",
    "statistics": "ninja_boost_metrics.recorder",
    "timing": "ninja_boost_metrics.recording",
    "track": "ninja_boost_metrics.tracking",
}

__all__ = [
    "BaseMetricsBackend",
    "LoggingBackend",
    "MetricsMiddleware",
    "OpenTelemetryBackend",
    "PrometheusBackend",
    "StatsDBackend",
    "gauge",
    "increment",
    "metrics_view",
    "statistics",
    "timing",
    "track",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
