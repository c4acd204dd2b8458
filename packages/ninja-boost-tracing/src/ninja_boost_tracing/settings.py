"""The ``TRACING`` key of ``NINJA_BOOST``."""

from __future__ import annotations

from ninja_boost_core.conf import SettingsSection

__all__ = ["TracingOptions", "TracingSettings"]


class TracingOptions(SettingsSection):
    """``NINJA_BOOST["TRACING"]``.

    ``SAMPLED`` sets the sampled flag of a trace that begins here, which asks the services
    called from here to record it. Off, as the standard has it for who records nothing.
    ``OPENTELEMETRY`` starts a span for each request that comes without one, so that spans opened
    by views belong to it. It needs the OpenTelemetry SDK.
    """

    SAMPLED: bool = False
    OPENTELEMETRY: bool = False


class TracingSettings(SettingsSection):
    """The keys of this package in ``NINJA_BOOST``."""

    TRACING: TracingOptions = TracingOptions()
