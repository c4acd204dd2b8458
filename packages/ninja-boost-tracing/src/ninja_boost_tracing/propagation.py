"""The current trace context, and how it travels on."""

from __future__ import annotations

from contextvars import ContextVar

from ._opentelemetry import active_span
from .trace_context import TraceContext

__all__ = ["current_trace", "outbound_headers"]

current: ContextVar[TraceContext | None] = ContextVar("ninja_boost_trace", default=None)


def current_trace() -> TraceContext | None:
    """Return the trace context of the request being handled, or None outside a request.

    Also inside the body of a streaming response.
    """
    return current.get()


def outbound_headers() -> dict[str, str]:
    """Return the headers with which a call to another service joins the current trace.

    ``traceparent`` and, where there is one, ``tracestate``; nothing outside a request. An
    active OpenTelemetry span is the parent of the call.
    """
    trace = active_span() or current.get()
    if trace is None:
        return {}
    headers = {"traceparent": trace.traceparent}
    if trace.tracestate:
        headers["tracestate"] = trace.tracestate
    return headers
