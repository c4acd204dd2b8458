"""The middleware that gives every request its trace context."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from ninja_boost_core.client_address import is_trusted_peer
from ninja_boost_core.conf import boost_settings
from ninja_boost_core.unmatched import answer_unknown_route

from ._opentelemetry import active_span
from .propagation import current
from .settings import TracingSettings
from .trace_context import TraceContext, continue_trace

__all__ = ["TracingMiddleware"]

INBOUND = {
    "HTTP_TRACEPARENT": "traceparent",
    "HTTP_TRACESTATE": "tracestate",
    "HTTP_X_TRACE_ID": "x-trace-id",
    "HTTP_X_REQUEST_ID": "x-request-id",
}
_TRACE = "_ninja_boost_trace"


class TracingMiddleware:
    """Gives every request a ``trace_id`` and every response the headers that name it.

    Sync and async; put it first in ``MIDDLEWARE``, so that the responses of all others carry
    the headers too. Twice in the list, it works once.

    Raises:
        django.core.exceptions.ImproperlyConfigured: at start, if ``NINJA_BOOST`` is wrong.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        boost_settings.section(TracingSettings)
        self.get_response = get_response
        self.is_async: bool = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.__acall__(request)
        trace = begin(request)
        if trace is None:
            return cast(HttpResponseBase, self.get_response(request))
        token = current.set(trace)
        try:
            response = self.get_response(request)
        finally:
            current.reset(token)
        return finish(request, response, trace)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        trace = begin(request)
        if trace is None:
            return cast(HttpResponseBase, await self.get_response(request))
        token = current.set(trace)
        try:
            response = await self.get_response(request)
        finally:
            current.reset(token)
        return finish(request, response, trace)


def begin(request: HttpRequest) -> TraceContext | None:
    """Give the request its trace context; None if it has one of ours already."""
    if hasattr(request, _TRACE):
        return None
    meta = request.META
    inbound = {name: meta[key] for key, name in INBOUND.items() if key in meta}
    if inbound and not is_trusted_peer(request):
        inbound = {}
    trace = continue_trace(
        inbound,
        known=getattr(request, "trace_id", None),
        sampled=boost_settings.section(TracingSettings).TRACING.SAMPLED,
    )
    span = active_span()
    if span is not None:
        named = trace.request_id != trace.trace_id
        trace = span._replace(request_id=trace.request_id if named else span.trace_id)
    setattr(request, _TRACE, trace)
    request.trace_id = trace.trace_id  # type: ignore[attr-defined]
    return trace


def finish(
    request: HttpRequest, response: HttpResponseBase, trace: TraceContext
) -> HttpResponseBase:
    """Return the response with the headers, and the trace context around a streamed body.

    An unknown path below an AutoAPI gets the API's 404 in the place of Django's page.
    """
    response = answer_unknown_route(request, response)
    response["X-Trace-Id"] = trace.trace_id
    response["X-Request-ID"] = trace.request_id
    response["traceparent"] = trace.traceparent
    # A server may send a file by itself, as long as nothing is wrapped around it.
    if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
        if response.is_async:
            response.streaming_content = _atraced(
                cast(AsyncIterator[bytes], response.streaming_content), trace
            )
        else:
            response.streaming_content = _traced(
                cast(Iterator[bytes], response.streaming_content), trace
            )
    return response


def _traced(chunks: Iterator[bytes], trace: TraceContext) -> Iterator[bytes]:
    while True:
        token = current.set(trace)
        try:
            chunk = next(chunks)
        except StopIteration:
            return
        finally:
            current.reset(token)
        yield chunk


async def _atraced(chunks: AsyncIterator[bytes], trace: TraceContext) -> AsyncIterator[bytes]:
    async with aclosing(aiter(chunks)) as body:  # type: ignore[type-var]
        while True:
            token = current.set(trace)
            try:
                chunk = await anext(body)
            except StopAsyncIteration:
                return
            finally:
                current.reset(token)
            yield chunk
