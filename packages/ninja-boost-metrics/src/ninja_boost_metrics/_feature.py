"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from ninja_boost_core import Feature

from .settings import MetricsSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from ninja_boost_core.observers import RequestObserver
    from ninja_boost_core.pings import Ping

__all__ = ["feature"]


class MetricsFeature(Feature):
    """The settings, the system checks, and the observer for LifecycleMiddleware."""

    name = "metrics"
    distribution = "ninja-boost-metrics"
    settings = MetricsSettings
    aliases: ClassVar[Mapping[str, str]] = {
        f"ninja_boost.metrics.{name}": f"ninja_boost_metrics.{name}"
        for name in (
            "LoggingBackend",
            "MetricsMiddleware",
            "OpenTelemetryBackend",
            "PrometheusBackend",
            "StatsDBackend",
        )
    }

    def observers(self) -> Iterable[RequestObserver]:
        from .observers import request_metrics

        return (request_metrics,)

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_backend, check_deployment

        return check_deployment() if deploy else check_backend()

    def pings(self) -> Iterable[Ping]:
        from .pings import find_pings

        return find_pings()


feature = MetricsFeature()
