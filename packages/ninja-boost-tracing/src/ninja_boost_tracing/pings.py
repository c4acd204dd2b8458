"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.pings import Ping

from ._opentelemetry import require_opentelemetry
from .settings import TracingSettings

__all__ = ["find_pings"]


def find_pings() -> Iterator[Ping]:
    """Yield one for OpenTelemetry, if it is to be used."""
    if boost_settings.section(TracingSettings).TRACING.OPENTELEMETRY:
        yield Ping(
            "tracing: OpenTelemetry",
            _probe,
            "Install it: pip install 'opentelemetry-sdk>=1.30'; the server does not start without.",
        )


def _probe() -> str:
    require_opentelemetry()
    provider = type(import_module("opentelemetry.trace").get_tracer_provider())
    if provider.__module__.startswith("opentelemetry.trace"):
        return "no SDK is set up in this process, which therefore records no spans"
    return provider.__name__
