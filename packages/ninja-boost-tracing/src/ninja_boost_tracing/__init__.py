"""Trace ids and W3C trace context for Django and Django Ninja."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .middleware import TracingMiddleware as TracingMiddleware
    from .propagation import current_trace as current_trace
    from .propagation import outbound_headers as outbound_headers
    from .settings import TracingOptions as TracingOptions
    from .settings import TracingSettings as TracingSettings
    from .trace_context import TraceContext as TraceContext

_HOMES = {
    "TraceContext": "ninja_boost_tracing.trace_context",
    "TracingMiddleware": "ninja_boost_tracing.middleware",
    "TracingOptions": "ninja_boost_tracing.settings",
    "TracingSettings": "ninja_boost_tracing.settings",
    "current_trace": "ninja_boost_tracing.propagation",
    "outbound_headers": "ninja_boost_tracing.propagation",
}

__all__ = [
    "TraceContext",
    "TracingMiddleware",
    "TracingOptions",
    "TracingSettings",
    "current_trace",
    "outbound_headers",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
