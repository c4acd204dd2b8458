"""Trace ids and W3C trace context for Django and Django Ninja."""

from .middleware import TracingMiddleware
from .propagation import current_trace, outbound_headers
from .settings import TracingOptions, TracingSettings
from .trace_context import TraceContext

__all__ = [
    "TraceContext",
    "TracingMiddleware",
    "TracingOptions",
    "TracingSettings",
    "current_trace",
    "outbound_headers",
]
