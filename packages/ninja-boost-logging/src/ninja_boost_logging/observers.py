"""What follows a request: the context of its lines, and the one line about it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import aclosing
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.http import FileResponse, StreamingHttpResponse

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.observers import ObserverMiddleware, ObserverOrder, RequestObserver

from .access_lines import AccessLines
from .context import EMPTY, RequestFields, State, state
from .settings import LoggingOptions, LoggingSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from ninja_boost_core.observers import Exchange

__all__ = ["LoggingMiddleware", "access_log", "log_context"]

logger: logging.Logger = logging.getLogger("ninja_boost.access")


class LogContext(RequestObserver):
    """Gives the lines of a request its fields, those in the body of a stream too."""

    order: int = ObserverOrder.LOG_CONTEXT

    def started(self, exchange: Exchange) -> None:
        outer = state.get()
        mine = State(RequestFields(exchange.request), outer.bound)
        exchange.state[self] = (mine, outer)
        state.set(mine)

    def responded(self, exchange: Exchange) -> None:
        response = exchange.response
        if response is None or not response.streaming:
            return
        mine = self._bound(exchange)
        # A server may send a file by itself, as long as nothing is wrapped around it.
        if isinstance(response, StreamingHttpResponse):
            if not isinstance(response, FileResponse):
                body: Any = response.streaming_content
                response.streaming_content = (
                    _awithin(mine, body) if response.is_async else _within(mine, body)
                )
            self.released(exchange)

    def released(self, exchange: Exchange) -> None:
        mine, outer = exchange.state[self]
        # The end of a stream may come in a context that another request has taken over.
        if state.get().request is mine.request:
            state.set(outer)

    def _bound(self, exchange: Exchange) -> State:
        """Return the context as the view left it."""
        mine, outer = exchange.state[self]
        current = state.get()
        if current.request is mine.request:
            exchange.state[self] = (current, outer)
            return current
        return cast(State, mine)

    def of(self, exchange: Exchange) -> State:
        """Return the context of a request, wherever it is asked for."""
        return self._bound(exchange) if self in exchange.state else EMPTY


class AccessLog(RequestObserver):
    """Writes one line for each request when its last byte was produced."""

    order: int = ObserverOrder.ACCESS_LOG

    def completed(self, exchange: Exchange) -> None:
        status, error = exchange.status, exchange.error
        failed = status >= 500 or (error is not None and not exchange.disconnected)
        level = logging.ERROR if failed else logging.INFO
        if not current_options().ACCESS_LOG or not logger.isEnabledFor(level):
            return
        context = log_context.of(exchange)
        fields = context.request or RequestFields(exchange.request)
        values = fields.values()
        if status < 400 and not failed:
            route = values["route"]
            if route is not None and _excluded(route):
                return
        is_plain = error is None and not exchange.disconnected and not context.bound
        if is_plain and access_lines.write(exchange, level, values, status):
            return
        token = state.set(State(fields, context.bound))
        try:
            logger.handle(_record(exchange, level))
        finally:
            state.reset(token)


def _record(exchange: Exchange, level: int) -> logging.LogRecord:
    request, status = exchange.request, exchange.status
    fields: dict[str, Any] = {
        "status": status,
        "duration_ms": round(exchange.duration * 1000.0, 3),
        "bytes": exchange.body_size,
    }
    if exchange.disconnected:
        fields["disconnected"] = True
    if exchange.error is not None:
        fields["error"] = type(exchange.error).__qualname__
    # The place in the source is always this one; logger.info() would look for it.
    return logger.makeRecord(
        logger.name,
        level,
        __file__,
        0,
        "%s %s %d",
        (request.method, request.path, status),
        None,
        "completed",
        fields,
    )


@cache
def current_options() -> LoggingOptions:
    """Return ``NINJA_BOOST["LOGGING"]``."""
    return boost_settings.section(LoggingSettings).LOGGING


@boost_settings.on_change
def _forget() -> None:
    current_options.cache_clear()
    _excluded.cache_clear()


@lru_cache(maxsize=4096)
def _excluded(route: str) -> bool:
    patterns, path = current_options().ACCESS_LOG_EXCLUDE, route.rstrip("/")
    return any(fnmatchcase(each, pattern) for pattern in patterns for each in (route, path))


def _within(context: State, chunks: Iterator[bytes]) -> Iterator[bytes]:
    while True:
        token = state.set(context)
        try:
            chunk = next(chunks)
        except StopIteration:
            return
        finally:
            context = state.get()
            state.reset(token)
        yield chunk


async def _awithin(context: State, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async with aclosing(aiter(chunks)) as body:  # type: ignore[type-var]
        while True:
            token = state.set(context)
            try:
                chunk = await anext(body)
            except StopAsyncIteration:
                return
            finally:
                context = state.get()
                state.reset(token)
            yield chunk


log_context: LogContext = LogContext()
access_log: AccessLog = AccessLog()
access_lines: AccessLines = AccessLines(logger, _record)


class LoggingMiddleware(ObserverMiddleware):
    """Gives log lines the fields of the request and writes one line for each.

    Sync and async. It stands near the top of ``MIDDLEWARE``, below the tracing middleware.
    ``ninja_boost_lifecycle.LifecycleMiddleware`` does the same; with both, it is done once.

    Raises:
        django.core.exceptions.ImproperlyConfigured: at start, if ``NINJA_BOOST`` is wrong.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        boost_settings.section(LoggingSettings)
        super().__init__(get_response)

    def observers(self) -> Iterable[RequestObserver]:
        """Return the two observers of this package."""
        return (log_context, access_log)
