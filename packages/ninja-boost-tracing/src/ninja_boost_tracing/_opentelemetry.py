"""The active OpenTelemetry span, if the project uses OpenTelemetry, and a span for a request."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ninja_boost_core.client_address import client_address
from ninja_boost_core.routes import route_template

from .trace_context import RANDOM, SAMPLED, TraceContext

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["MissingOpenTelemetry", "ServerSpan", "active_span", "require_opentelemetry"]

# What the semantic conventions name; any other method is _OTHER.
_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)


class MissingOpenTelemetry(ImportError):
    """OpenTelemetry is to be used and is not installed."""


def require_opentelemetry() -> None:
    """Import the library.

    Raises:
        MissingOpenTelemetry: with the command that installs it.
    """
    try:
        import opentelemetry.trace  # type: ignore[import-not-found] # noqa: F401
    except ImportError as error:
        raise MissingOpenTelemetry(
            "NINJA_BOOST['TRACING']['OPENTELEMETRY'] needs a library. Install it: "
            "pip install 'opentelemetry-sdk>=1.30'"
        ) from error


def active_span() -> TraceContext | None:
    """Return the current span as a trace context, or None if there is no valid one.

    A span can only be active once something has imported the library, so that this never
    imports it.
    """
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return None
    get_current_span = getattr(api, "get_current_span", None)
    if get_current_span is None:
        return None
    return _trace_of(get_current_span())


def _trace_of(span: Any) -> TraceContext | None:
    context = span.get_span_context()
    if not context.is_valid:
        return None
    trace_id = f"{context.trace_id:032x}"
    return TraceContext(
        trace_id,
        f"{context.span_id:016x}",
        context.trace_flags & (SAMPLED | RANDOM),
        trace_id,
        context.trace_state.to_header() or None,
    )


class ServerSpan:
    """The span of one request, by the semantic conventions for HTTP servers (1.23 and later).

    https://opentelemetry.io/docs/specs/semconv/http/http-spans/
    """

    __slots__ = ("_method", "_request", "_span", "trace")

    def __init__(self, request: HttpRequest, method: str, span: Any, trace: TraceContext) -> None:
        self.trace: TraceContext = trace
        self._request = request
        self._method = method
        self._span = span

    @classmethod
    def start(cls, request: HttpRequest, trace: TraceContext) -> ServerSpan | None:
        """Start the span below the caller's, or as the root of a trace.

        None if no SDK is set up, so that spans have no ids of their own.
        """
        api = _api("trace")
        parent = _api("context").Context()
        if trace.parent_id is not None:
            carrier = {"traceparent": trace._replace(span_id=trace.parent_id).traceparent}
            if trace.tracestate:
                carrier["tracestate"] = trace.tracestate
            propagator = _api("trace.propagation.tracecontext").TraceContextTextMapPropagator()
            parent = propagator.extract(carrier, parent)
        given = request.method or ""
        method = given if given in _METHODS else "_OTHER"
        attributes = {
            "http.request.method": method,
            "url.path": request.path,
            "url.scheme": request.scheme or "http",
        }
        address = client_address(request)
        if address is not None:
            attributes["client.address"] = address
        tracer = api.get_tracer("ninja_boost_tracing")
        span = tracer.start_span(_name(method), parent, api.SpanKind.SERVER, attributes)
        started = _trace_of(span)
        if started is None or started.span_id == trace.parent_id:
            return None
        return cls(request, method, span, started._replace(parent_id=trace.parent_id))

    def enter(self) -> object:
        """Make the span the current one; what is returned is for ``leave``."""
        token: object = _api("context").attach(_api("trace").set_span_in_context(self._span))
        return token

    def leave(self, token: Any) -> None:
        """Make the span before it the current one again."""
        _api("context").detach(token)

    def end(self, status: int | None, error: BaseException | None = None) -> None:
        """End the span with the status of the response or with an error."""
        api, span = _api("trace"), self._span
        route = route_template(self._request)
        if route is not None:
            span.set_attribute("http.route", route)
            span.update_name(f"{_name(self._method)} {route}")
        if status is not None:
            span.set_attribute("http.response.status_code", status)
        if error is not None:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(api.Status(api.StatusCode.ERROR))
        elif status is not None and status >= 500:
            span.set_attribute("error.type", str(status))
            span.set_status(api.Status(api.StatusCode.ERROR))
        span.end()


def _api(module: str) -> Any:
    # It is a namespace package, which no type checker follows from here.
    return import_module(f"opentelemetry.{module}")


def _name(method: str) -> str:
    return "HTTP" if method == "_OTHER" else method
