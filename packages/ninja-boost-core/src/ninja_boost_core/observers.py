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
from dataclasses import dataclass
from enum import IntEnum
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError

from .callables import drive
from .emissions import Emissions, context_of
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

    __slots__ = (
        "_is_outermost",
        "body_size",
        "disconnected",
        "duration",
        "error",
        "request",
        "response",
        "started",
        "state",
    )

    def __init__(self, request: HttpRequest) -> None:
        self.request: HttpRequest = request
        self.response: HttpResponseBase | None = None
        self.error: BaseException | None = None
        self.started: float = perf_counter()
        self.duration: float = 0.0
        self.body_size: int | None = None
        self.disconnected: bool = False
        self.state: dict[Any, Any] = {}
        self._is_outermost = False

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


@dataclass(frozen=True, slots=True)
class _Compiled:
    observers: frozenset[RequestObserver]
    started: Points
    responded: Points
    completed: Points
    completed_late: Points
    released: Points

    @classmethod
    def of(cls, observers: Iterable[RequestObserver]) -> _Compiled:
        ordered = sorted(observers, key=lambda observer: observer.order)
        early = [each for each in ordered if each.order <= ObserverOrder.EVENTS]
        late = [each for each in ordered if each.order > ObserverOrder.EVENTS]
        return cls(
            frozenset(ordered),
            _points("started", ordered),
            _points("responded", ordered),
            _points("completed", early),
            _points("completed", late),
            _points("released", ordered[::-1]),
        )


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
        self._compiled: _Compiled | None = None
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
        is_outermost = not hasattr(request, OBSERVED)
        compiled = self._claim(request)
        emissions = Emissions.of(request)
        emits = self.emits_events and not emissions.by_middleware
        emissions.by_middleware |= emits
        exchange = Exchange(request)
        exchange._is_outermost = is_outermost
        _notify(compiled.started, exchange)
        try:
            if emits:
                await emissions.announce(request, self.is_async)
            answer = self.get_response(request)
            response: Any = answer_unknown_route(request, await answer if self.is_async else answer)
        except BaseException as error:
            exchange.error = error
            exchange.disconnected = isinstance(error, asyncio.CancelledError)
            exchange.duration = perf_counter() - exchange.started
            _notify(compiled.completed + compiled.completed_late, exchange)
            _release(compiled, exchange)
            raise
        exchange.response = response
        exchange.error = emissions.error
        _notify(compiled.responded, exchange)
        if response.streaming:
            self._follow(response, exchange, compiled, emissions if emits else None)
        else:
            exchange.body_size = len(response.content)
            concluding = emissions if emits else None
            await _complete(compiled, exchange, concluding, run_async=self.is_async)
        return cast("HttpResponseBase", response)

    def _claim(self, request: HttpRequest) -> _Compiled:
        """Return what no middleware further out runs already."""
        compiled = self._compiled
        if compiled is None:
            compiled = self._compiled = _Compiled.of(self.observers())
        observed: frozenset[RequestObserver] = getattr(request, OBSERVED, frozenset())
        if observed:
            compiled = _Compiled.of(compiled.observers - observed)
        setattr(request, OBSERVED, observed | compiled.observers)
        return compiled

    def _follow(
        self, response: Any, exchange: Exchange, compiled: _Compiled, emissions: Emissions | None
    ) -> None:
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
            drive(_complete(compiled, exchange, emissions, run_async=False))

        response._resource_closers.append(close)


async def _complete(
    compiled: _Compiled, exchange: Exchange, emissions: Emissions | None, *, run_async: bool
) -> None:
    exchange.duration = perf_counter() - exchange.started
    _notify(compiled.completed, exchange)
    try:
        if emissions is not None and exchange.response is not None:
            milliseconds = exchange.duration * 1000.0
            await emissions.conclude(exchange.request, run_async, exchange.response, milliseconds)
    finally:
        _notify(compiled.completed_late, exchange)
        _release(compiled, exchange)


def _release(compiled: _Compiled, exchange: Exchange) -> None:
    _notify(compiled.released, exchange)
    if exchange._is_outermost:
        # Each of the two holds the other, and would wait for the garbage collector.
        set_current_call(exchange.request, None)


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
