"""What follows every request from outside, whatever answers it: logs, metrics, events.

An observer is no hook: it sees requests that no operation serves, and it changes nothing of a
response but headers; around a streamed body it may put a wrapper that passes every chunk on.

``ObserverMiddleware`` runs observers; several such middlewares in ``MIDDLEWARE`` share the work, so
that each observer follows a request once and each event is emitted once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from enum import IntEnum
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError

from .callables import drive
from .emissions import Emissions, context_of
from .events import AFTER_RESPONSE, BEFORE_REQUEST, event_bus
from .routes import route_template
from .unmatched import answer_unknown_route
from .views import OBSERVED, current_call, set_current_call

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from ninja.operation import Operation

__all__ = ["Exchange", "ObserverMiddleware", "ObserverOrder", "RequestObserver", "failures"]

logger: logging.Logger = logging.getLogger("ninja_boost.observers")

_EXPECTED = (Http404, PermissionDenied, SuspiciousOperation, BadRequest, MultiPartParserError)

failures: Counter[str] = Counter()
"""How often a point of an observer failed, by qualified name."""


class ObserverOrder(IntEnum):
    """Where an observer stands among the others; lower is further out."""

    LOG_CONTEXT = 100
    METRICS = 200
    EVENTS = 300
    CUSTOM = 350
    ACCESS_LOG = 400


class Exchange:
    """One HTTP request and what became of it.

    Attributes:
        request: the request.
        response: the response, from the moment that there is one.
        error: the unexpected exception of the view, also where it became a 500;
            ``asyncio.CancelledError`` when the client left before the view was done.
        started: ``time.perf_counter()`` at the start, in seconds.
        duration: seconds from the start to the last byte; 0 until then.
        body_size: bytes of the body; of a stream those produced; None for a file that the
            server sends by itself.
        disconnected: whether the client left before the response was complete.
        state: room for observers to keep what belongs to this request; the observer is the key.
    """

    # Most requests leave most of it as it is, so that the class has what an instance does not.
    response: HttpResponseBase | None = None
    error: BaseException | None = None
    duration: float = 0.0
    body_size: int | None = None
    disconnected: bool = False
    _is_outermost: bool = False
    _emits: bool = False
    _compiled: _Compiled
    _emissions: Emissions

    def __init__(self, request: HttpRequest) -> None:
        self.request: HttpRequest = request
        self.started: float = perf_counter()
        self.state: dict[Any, Any] = {}

    @property
    def status(self) -> int:
        """The status sent; 499 for a client that left before there was one, 500 for an error."""
        if self.response is not None:
            return self.response.status_code
        return 499 if self.disconnected else 500

    @property
    def route(self) -> str | None:
        """The route template, ``/api/items/{id}``; None if no URL pattern matched."""
        return route_template(self.request)

    @property
    def operation(self) -> Operation | None:
        """The operation that served the request, if it was one of ours."""
        call = current_call(self.request)
        return None if call is None else call.operation


class RequestObserver:
    """Follows requests. A subclass overrides the points that it needs.

    The points are plain methods that must not block. What they raise is logged and counted, and
    disturbs neither the request nor the other observers. ``started`` and ``released`` of a stream
    may run in different threads.
    """

    order: int = ObserverOrder.CUSTOM
    """Where the observer stands; see ``ObserverOrder``."""

    def started(self, exchange: Exchange) -> None:
        """Called before anything further in sees the request; lower orders first."""

    def responded(self, exchange: Exchange) -> None:
        """Called with the response, whose headers may still be set; lower orders first."""

    def completed(self, exchange: Exchange) -> None:
        """Called when the body was produced to its end or was given up; lower orders first.

        ``after_response`` is emitted between the orders below and above ``ObserverOrder.EVENTS``.
        """

    def released(self, exchange: Exchange) -> None:
        """Called last, higher orders first: give back what ``started`` took."""


Points = tuple[Callable[[Exchange], None], ...]


class _Compiled:
    """Some observers, by point.

    Attributes:
        observers: all of them.
        seen: them and those that a middleware further out runs.
        started, responded, completed, completed_late, released: their points.
        ended: the last three, for when nothing is emitted between them.
    """

    __slots__ = (
        "completed",
        "completed_late",
        "ended",
        "observers",
        "released",
        "responded",
        "seen",
        "started",
    )

    def __init__(
        self, observers: Iterable[RequestObserver], seen: frozenset[RequestObserver] = frozenset()
    ) -> None:
        ordered = sorted(dict.fromkeys(observers), key=lambda observer: observer.order)
        early = [each for each in ordered if each.order <= ObserverOrder.EVENTS]
        late = [each for each in ordered if each.order > ObserverOrder.EVENTS]
        self.observers: frozenset[RequestObserver] = frozenset(ordered)
        self.seen: frozenset[RequestObserver] = seen | self.observers
        self.started: Points = _points("started", ordered)
        self.responded: Points = _points("responded", ordered)
        self.completed: Points = _points("completed", early)
        self.completed_late: Points = _points("completed", late)
        self.released: Points = _points("released", ordered[::-1])
        self.ended: Points = self.completed + self.completed_late + self.released


def _points(name: str, observers: Sequence[RequestObserver]) -> Points:
    default = getattr(RequestObserver, name)
    return tuple(getattr(o, name) for o in observers if getattr(type(o), name) is not default)


def _notify(points: Points, exchange: Exchange) -> None:
    for point in points:
        try:
            point(exchange)
        except Exception:
            name = getattr(point, "__qualname__", repr(point))
            failures[name] += 1
            logger.exception("Observer %s failed.", name, extra={"observer": name})


class ObserverMiddleware:
    """Runs observers around every request; sync and async, without a change of thread.

    A subclass says which, in ``observers``. Put it near the top of ``MIDDLEWARE``: what stands
    above it is not seen.

    An unknown path below an AutoAPI gets the API's 404 in the place of Django's page.
    """

    sync_capable = True
    async_capable = True

    emits_events: ClassVar[bool] = False
    """Whether ``before_request``, ``after_response`` and ``on_error`` are emitted for every
    view; otherwise operations of ours emit them by themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async: bool = iscoroutinefunction(get_response)
        self._observers: tuple[RequestObserver, ...] | None = None
        self._compiled: dict[frozenset[RequestObserver] | None, _Compiled] = {}
        if self.is_async:
            markcoroutinefunction(self)

    def observers(self) -> Iterable[RequestObserver]:
        """Return the observers to run; asked when the first request comes."""
        return ()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        return self._handle(request) if self.is_async else drive(self._handle(request))

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Learn of the exception of a view; Django answers it afterwards."""
        if isinstance(exception, _EXPECTED):
            return
        emissions = Emissions.of(request)
        emissions.error = exception
        if emissions.by_middleware:
            # Django calls this in a thread of its own in async code too.
            drive(emissions.report(request, False, exception, context_of(request)))

    async def _handle(self, request: HttpRequest) -> HttpResponseBase:
        exchange = self._begin(request)
        try:
            if exchange._emits and event_bus.has_handlers(BEFORE_REQUEST):
                await exchange._emissions.announce(request, self.is_async)
            answer = self.get_response(request)
            response: Any = await answer if self.is_async else answer
            if response.status_code == 404:
                response = answer_unknown_route(request, response)
        except BaseException as error:
            exchange.error = error
            exchange.disconnected = isinstance(error, asyncio.CancelledError)
            _end(exchange)
            # The traceback of an error has this frame, and the exchange the error.
            del exchange
            raise
        exchange.response = response
        if exchange._emissions.error is not None:
            exchange.error = exchange._emissions.error
        if exchange._compiled.responded:
            _notify(exchange._compiled.responded, exchange)
        if response.streaming:
            self._follow(response, exchange)
        else:
            exchange.body_size = len(response.content)
            if exchange._emits and event_bus.has_handlers(AFTER_RESPONSE):
                await _complete(exchange, run_async=self.is_async)
            else:
                _end(exchange)
        del exchange  # as above
        return cast("HttpResponseBase", response)

    def _begin(self, request: HttpRequest) -> Exchange:
        attributes = request.__dict__
        outer: frozenset[RequestObserver] | None = attributes.get(OBSERVED)
        compiled = self._compiled.get(outer) or self._compile(outer)
        attributes[OBSERVED] = compiled.seen
        exchange = Exchange(request)
        exchange._compiled = compiled
        if outer is None:
            exchange._is_outermost = True
        exchange._emissions = emissions = Emissions.of(request)
        if self.emits_events and not emissions.by_middleware:
            emissions.by_middleware = exchange._emits = True
        if compiled.started:
            _notify(compiled.started, exchange)
        return exchange

    def _compile(self, outer: frozenset[RequestObserver] | None) -> _Compiled:
        """Return what no middleware further out runs already."""
        if self._observers is None:
            self._observers = tuple(self.observers())
        seen = outer or frozenset()
        own = [each for each in self._observers if each not in seen]
        compiled = self._compiled[outer] = _Compiled(own, seen)
        return compiled

    def _follow(self, response: Any, exchange: Exchange) -> None:
        """Complete the exchange when the server closes the response."""
        stream: _Stream | None = None
        # A server may send a file by itself, as long as nothing is wrapped around it.
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            stream = _Stream(exchange)
            body: Any = response.streaming_content
            response.streaming_content = (
                stream.achunks(body) if response.is_async else stream.chunks(body)
            )

        closed = False

        def close() -> None:
            nonlocal closed
            if closed:  # Django's test client closes a response from within its own closing.
                return
            closed = True
            if stream is not None:
                exchange.body_size = stream.size
                exchange.disconnected = not stream.ended and exchange.error is None
            # Django closes a response in sync code, also under ASGI.
            drive(_complete(exchange, run_async=False))

        response._resource_closers.append(close)


def _end(exchange: Exchange) -> None:
    """Complete an exchange of whose end no event tells."""
    exchange.duration = perf_counter() - exchange.started
    _notify(exchange._compiled.ended, exchange)
    _forget(exchange)


async def _complete(exchange: Exchange, *, run_async: bool) -> None:
    compiled = exchange._compiled
    exchange.duration = perf_counter() - exchange.started
    _notify(compiled.completed, exchange)
    try:
        if exchange._emits and exchange.response is not None:
            milliseconds = exchange.duration * 1000.0
            await exchange._emissions.conclude(
                exchange.request, run_async, exchange.response, milliseconds
            )
    finally:
        _notify(compiled.completed_late, exchange)
        _notify(compiled.released, exchange)
        _forget(exchange)


def _forget(exchange: Exchange) -> None:
    # An error holds its frames, these the request, and that all of them: they would wait for the
    # garbage collector.
    if exchange._is_outermost:
        call = current_call(exchange.request)
        if call is not None:
            call.error = None
            set_current_call(exchange.request, None)
        if exchange.error is not None:
            exchange._emissions.forget()


class _Stream:
    """Counts what a streamed body produces, and whether it came to its end."""

    __slots__ = ("ended", "exchange", "size")

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.ended = False
        self.size = 0

    def chunks(self, body: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for chunk in body:
                self.size += len(chunk)
                yield chunk
        except Exception as error:
            self.exchange.error = error
            raise
        self.ended = True

    async def achunks(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async with aclosing(aiter(body)) as items:  # type: ignore[type-var]
                async for chunk in items:
                    self.size += len(chunk)
                    yield chunk
        except Exception as error:
            self.exchange.error = error
            raise
        self.ended = True
