"""The access line on a straight way, where its record would be seen by our formatter alone.

A record of the standard library's takes several times as long to make and to hand from logger to
handler to formatter as the line does to write. If all that listens is one plain ``StreamHandler``
with our JSON formatter, nobody can tell whether there was one. Whatever else there is - another
handler, a filter, a record factory, a library that replaced a method of ``logging`` - gets its
record.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from logging import Logger, LogRecord, StreamHandler
from time import time
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .encoding import SMALL, Encoder, current_encoder, quote
from .formatters import StructuredJsonFormatter, fields_json, place_json
from .records import Line, add_context

if TYPE_CHECKING:
    from ninja_boost_core.observers import Exchange

__all__ = ["AccessLines"]

_FIELDS = ("status", "duration_ms", "bytes")
_CONSTANT = (str, int, bool, type(None))


class AccessLines:
    """Writes the lines of one logger straight to its handler, as long as there is such a one.

    Args:
        logger: whose lines they are.
        record: makes the record of a line, for the handler's own treatment of errors.
    """

    def __init__(self, logger: Logger, record: Callable[[Exchange, int], LogRecord]) -> None:
        self.logger: Logger = logger
        self._record = record
        self._surroundings: list[Any] = []
        self._encoder: Encoder | None = None
        self._handler: StreamHandler[Any] | None = None
        self._formatter: StructuredJsonFormatter | None = None
        self._heads: dict[int, str] = {}
        self._tail = ""
        self._fixed: Callable[..., tuple[str, str] | None] = _request_of

    def write(self, exchange: Exchange, level: int, values: Mapping[str, Any], status: int) -> bool:
        """Write a line and return True; False if a record has to be handled in its place.

        Args:
            exchange: of which the line tells.
            level: of the line, for which the logger is enabled.
            values: the fields of the request, to whose line nothing was bound.
            status: of the response.
        """
        encoder, surroundings = current_encoder(), self._listeners()
        if encoder is not self._encoder or surroundings != self._surroundings:
            self._look_around(surroundings, encoder)
        handler, formatter, size = self._handler, self._formatter, exchange.body_size
        if (
            handler is None
            or formatter is None
            or handler.formatter is not formatter
            or handler.filters
            or handler.level > level
            or handler.lock is None
            or (size is not None and size >= SMALL)
        ):
            return False
        path, route = values["path"], values["route"]
        # Of a route without parameters there are few different requests.
        tell = self._fixed if path == route else _request_of
        told = tell(values["method"], path, route, status, encoder)
        if told is None:
            return False
        message, place = told
        line = (
            f'{{"timestamp":"{formatter.timestamp(time())}"{self._heads[level]}{message}'
            f'{fields_json(values, place, encoder.max_length)},"status":{status}'
            f',"duration_ms":{round(exchange.duration * 1000.0, 3)!r}'
            f',"bytes":{"null" if size is None else size}{self._tail}{handler.terminator}'
        )
        with handler.lock:
            try:
                stream = handler.stream
                stream.write(line)
                if hasattr(stream, "flush"):
                    stream.flush()
            except RecursionError:
                raise
            except Exception:  # noqa: BLE001 - as StreamHandler does
                handler.handleError(self._record(exchange, level))
        return True

    def _listeners(self) -> list[Any]:
        """Return all that has a say in what becomes of a record; it may change at any time."""
        logger: Logger | None = self.logger
        found: list[Any] = [
            Logger.handle,
            Logger.callHandlers,
            StreamHandler.emit,
            StreamHandler.flush,
            logging.getLogRecordFactory(),
            *self.logger.filters,
        ]
        while logger is not None:
            found += logger.handlers
            logger = logger.parent if logger.propagate else None
        return found

    def _look_around(self, surroundings: list[Any], encoder: Encoder) -> None:
        self._surroundings, self._encoder = surroundings, encoder
        self._handler = self._formatter = None
        *methods, factory, handler = surroundings
        if len(surroundings) != 6 or factory is not LogRecord or type(self.logger) is not Logger:
            return
        if type(handler) is not StreamHandler or not all(map(_is_original, methods)):
            return
        formatter = handler.formatter
        if type(formatter) is not StructuredJsonFormatter:
            return
        tail = _tail(formatter, encoder)
        if tail is None:
            return
        name = quote(self.logger.name)
        for level in (logging.INFO, logging.ERROR):
            shown = quote(logging.getLevelName(level))
            self._heads[level] = f',"level":{shown},"logger":{name},"message":'
        self._handler, self._formatter, self._tail = handler, formatter, tail
        self._fixed = lru_cache(maxsize=1024)(_request_of)


def _request_of(
    method: str | None, path: str, route: str | None, status: int, encoder: Encoder
) -> tuple[str, str] | None:
    """Return the JSON of the message, and of the fields that say what was asked for.

    None for a message that would have to be cut.
    """
    message = f"{method} {path} {status}"
    if len(message) > encoder.max_length:
        return None
    shown = encoder.text(message)
    clean = encoder.is_clean(message, shown)
    return quote(shown), place_json(method, path, route, encoder, clean=clean)


def _is_original(method: Any) -> bool:
    """Return whether a method of ``logging`` is the one of the standard library."""
    return isinstance(method, FunctionType) and method.__globals__ is vars(logging)


def _tail(formatter: StructuredJsonFormatter, encoder: Encoder) -> str | None:
    """Return the end of each line; None if it may change, or changes what stands before it."""
    line, fields = Line(encoder), formatter.fields
    line.values = {}
    budget = encoder.budget()
    if any(encoder.name(name, budget)[1] for name in _FIELDS) or fields.keys() & set(_FIELDS):
        return None
    if any(type(value) not in _CONSTANT for value in fields.values()):
        return None
    add_context(line, fields, budget)
    return "".join([f",{quote(name)}:{piece}" for name, piece in line.fields.items()]) + "}"
