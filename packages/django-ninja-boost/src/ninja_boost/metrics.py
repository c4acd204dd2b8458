"""Metrics for Prometheus, StatsD, Datadog and OpenTelemetry."""

from ninja_boost_metrics import (
    BaseMetricsBackend,
    LoggingBackend,
    MetricsMiddleware,
    OpenTelemetryBackend,
    PrometheusBackend,
    StatsDBackend,
    gauge,
    increment,
    metrics_view,
    statistics,
    timing,
    track,
)

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
