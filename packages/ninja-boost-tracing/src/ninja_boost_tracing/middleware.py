"""The middleware that gives every request its trace context."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing
from functools import cache, partial
from types import MappingProxyType
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from ninja_boost_core.client_address import is_trusted_peer
from ninja_boost_core.conf import boost_settings
from ninja_boost_core.headers import put
from ninja_boost_core.unmatched import answer_unknown_route

from ._opentelemetry import ServerSpan, active_span, require_opentelemetry
from .propagation import current
from .settings import TracingOptions, TracingSettings
from .trace_context import TraceContext, continue_trace

__all__ = ["TracingMiddleware"]

INBOUND = {
    "HTTP_TRACEPARENT": "traceparent",
    "HTTP_TRACESTATE": "tracestate",
    "HTTP_X_TRACE_ID": "x-trace-id",
    "HTTP_X_REQUEST_ID": "x-request-id",
}
_TRACE = "_ninja_boost_trace"
_NOTHING: Mapping[str, str] = MappingProxyType({})


@cache
def current_options() -> TracingOptions:
    """Return ``NINJA_BOOST["TRACING"]``."""
    return boost_settings.section(TracingSettings).TRACING


@boost_settings.on_change
def _forget() -> None:
    current_options.cache_clear()


class TracingMiddleware:
    """Gives every request a ``trace_id`` and every response the headers that name it.

    Sync and async; put it first in ``MIDDLEWARE``, so that the responses of all others carry
    the headers too. Twice in the list, it works once.

    Raises:
        django.core.exceptions.ImproperlyConfigured: at start, if ``NINJA_BOOST`` is wrong.
        ImportError: at start, if OpenTelemetry is to be used and is not installed.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        if current_options().OPENTELEMETRY:
            require_opentelemetry()
        self.get_response = get_response
        self.is_async: bool = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.__acall__(request)
        scope = begin(request)
        if scope is None:
            return cast(HttpResponseBase, self.get_response(request))
        with scope:
            response = self.get_response(request)
        return finish(request, response, scope)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        scope = begin(request)
        if scope is None:
            return cast(HttpResponseBase, await self.get_response(request))
        with scope:
            response = await self.get_response(request)
        return finish(request, response, scope)


class Scope:
    """Makes a trace context the current one, as often as needed, one time after the other.

    An exception that leaves it ends the span of the request.
    """

    __slots__ = ("_outer", "_token", "span", "trace")

    def __init__(self, trace: TraceContext, span: ServerSpan | None) -> None:
        self.trace: TraceContext = trace
        self.span: ServerSpan | None = span

    def __enter__(self) -> None:
        self._token = current.set(self.trace)
        if self.span is not None:
            self._outer = self.span.enter()

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if self.span is not None:
            self.span.leave(self._outer)
            if error is not None and not isinstance(error, StopIteration | StopAsyncIteration):
                self.span.end(None, error)
        current.reset(self._token)


def begin(request: HttpRequest) -> Scope | None:
    """Give the request its trace context; None if it has one of ours already."""
    if hasattr(request, _TRACE):
        return None
    meta = request.META
    inbound: Mapping[str, str] = _NOTHING
    if not meta.keys().isdisjoint(INBOUND) and is_trusted_peer(request):
        inbound = {name: meta[key] for key, name in INBOUND.items() if key in meta}
    options = current_options()
    trace = continue_trace(
        inbound, known=getattr(request, "trace_id", None), sampled=options.SAMPLED
    )
    server = None
    span = active_span()
    if span is None and options.OPENTELEMETRY:
        server = ServerSpan.start(request, trace)
        span = None if server is None else server.trace
    if span is not None:
        named = trace.request_id != trace.trace_id
        trace = span._replace(request_id=trace.request_id if named else span.trace_id)
    setattr(request, _TRACE, trace)
    request.trace_id = trace.trace_id  # type: ignore[attr-defined]
    return Scope(trace, server)


def finish(request: HttpRequest, response: HttpResponseBase, scope: Scope) -> HttpResponseBase:
    """Return the response with the headers, and the trace context around a streamed body.

    An unknown path below an AutoAPI gets the API's 404 in the place of Django's page.
    """
    trace, span = scope.trace, scope.span
    if response.status_code == 404:
        response = answer_unknown_route(request, response)
    # All three are of our own making, or were checked when they came in.
    put(
        response,
        {
            "x-trace-id": ("X-Trace-Id", trace.trace_id),
            "x-request-id": ("X-Request-ID", trace.request_id),
            "traceparent": ("traceparent", trace.traceparent),
        },
    )
    if not response.streaming:
        if span is not None:
            span.end(response.status_code)
        return response
    # A server may send a file by itself, as long as nothing is wrapped around it.
    if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
        if response.is_async:
            response.streaming_content = _atraced(
                cast(AsyncIterator[bytes], response.streaming_content), scope
            )
        else:
            response.streaming_content = _traced(
                cast(Iterator[bytes], response.streaming_content), scope
            )
    if span is not None:
        # The server closes the response when it was sent or given up.
        end = partial(span.end, response.status_code)
        response._resource_closers.append(end)  # type: ignore[attr-defined]
    return response


def _traced(chunks: Iterator[bytes], scope: Scope) -> Iterator[bytes]:
    while True:
        try:
            with scope:
                chunk = next(chunks)
        except StopIteration:
            return
        yield chunk


async def _atraced(chunks: AsyncIterator[bytes], scope: Scope) -> AsyncIterator[bytes]:
    async with aclosing(aiter(chunks)) as body:  # type: ignore[type-var]
        while True:
            try:
                with scope:
                    chunk = await anext(body)
            except StopAsyncIteration:
                return
            yield chunk
