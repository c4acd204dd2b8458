"""The active OpenTelemetry span, if the project uses OpenTelemetry."""

from __future__ import annotations

import sys

from .trace_context import RANDOM, SAMPLED, TraceContext

__all__ = ["active_span"]


def active_span() -> TraceContext | None:
    """Return the current span as a trace context, or None if there is no valid one.

    A span can only be active once something has imported the library, so that this never
    imports it.
    """
    get_current_span = getattr(sys.modules.get("opentelemetry.trace"), "get_current_span", None)
    if get_current_span is None:
        return None
    span = get_current_span().get_span_context()
    if not span.is_valid:
        return None
    trace_id = f"{span.trace_id:032x}"
    return TraceContext(
        trace_id,
        f"{span.span_id:016x}",
        span.trace_flags & (SAMPLED | RANDOM),
        trace_id,
        span.trace_state.to_header() or None,
    )
