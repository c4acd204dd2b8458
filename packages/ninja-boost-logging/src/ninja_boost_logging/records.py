"""What a log record says, in parts that a line is made of."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from .context import RequestFields, state
from .encoding import Budget, Encoder, current_encoder, quote, unique
from .filters import CAPTURED, REQUEST_FIELDS, Captured
from .redaction import REDACTED

__all__ = ["RESERVED", "Line", "add_context", "read"]

RESERVED: frozenset[str] = frozenset(REQUEST_FIELDS) | {
    *("timestamp", "level", "logger", "message", "message_error", "message_args"),
    *("exception", "exception_type", "stack", "formatter_error"),
}
_RESERVED_OUTSIDE = RESERVED.difference(REQUEST_FIELDS)

_STANDARD = frozenset(
    {
        *logging.LogRecord("", 0, "", 0, "", (), None).__dict__,
        *("message", "asctime", "taskName"),
    }
)
_NO_ARGUMENTS: tuple[object, ...] = ()  # There is one empty tuple.
_PADDED = re.compile(r"%[^a-zA-Z%]*[0-9]{5}")


class Line:
    """The parts of a line.

    Attributes:
        encoder: what makes them.
        message: the message with its arguments.
        request: the request whose fields these are, if it is still the current one.
        values: the fields of the request, or None outside one.
        fields: all others, as JSON.
        exception, stack: tracebacks, or None.
    """

    __slots__ = ("encoder", "exception", "fields", "message", "request", "stack", "values")

    def __init__(self, encoder: Encoder) -> None:
        self.encoder: Encoder = encoder
        self.message: str = ""
        self.request: RequestFields | None = None
        self.values: Mapping[str, Any] | None = None
        self.fields: dict[str, str] = {}
        self.exception: str | None = None
        self.stack: str | None = None


def read(
    record: logging.LogRecord,
    static: Mapping[str, object],
    format_exception: Callable[[Any], str],
) -> Line:
    """Return the parts of a record's line; ``static`` is what every line carries."""
    encoder = current_encoder()
    line = Line(encoder)
    budget = encoder.budget()
    attributes = record.__dict__
    captured = attributes.get(CAPTURED)
    bound: Mapping[str, Any]
    given: Mapping[str, Any] = {}
    if type(captured) is Captured:
        line.values, bound, given = captured
    else:
        line.request, bound = state.get()
        if line.request is not None:
            line.values = line.request.values()
    line.message = _message(record, line, budget)
    for key in [each for each in attributes if each not in _STANDARD]:
        value = attributes[key]
        if type(value) is Captured or (key in given and given[key] is value):
            continue
        name, secret = encoder.name(key, budget)
        if name in RESERVED:
            if line.values is not None and _same(line.values.get(name), value):
                continue
            name = f"extra_{name}"
        if name in line.fields:
            name = unique(name, line.fields)
        line.fields[name] = (
            encoder.field(True, value, budget) if secret else encoder.value(value, budget)
        )
    for fields in (bound, static):
        if fields:
            add_context(line, fields, budget)
    if record.exc_info is not None or record.exc_text is not None:
        _add_exception(line, record, format_exception)
    if record.stack_info is not None:
        line.stack = _long(record.stack_info, line)
    return line


def _add_exception(
    line: Line, record: logging.LogRecord, format_exception: Callable[[Any], str]
) -> None:
    info: Any = record.exc_info
    text: Any = record.exc_text
    kind = type(info[1]) if type(info) is tuple and len(info) == 3 else object
    if issubclass(kind, BaseException):
        line.fields["exception_type"] = quote(f"{kind.__module__}.{kind.__qualname__}")
        try:
            text = format_exception(info)
        except Exception as error:  # noqa: BLE001 - the exception's own code may raise
            text = f"{kind.__qualname__}: [{type(error).__name__}]"
    if text is not None:
        line.exception = _long(text, line)


class _Shown:
    """An argument of a message that was turned into text already."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text: str = text

    def __repr__(self) -> str:
        return self.text


class _Named:
    """The arguments of a message that names them: ``%(user)s``."""

    __slots__ = ("budget", "encoder", "values")

    def __init__(self, values: Mapping[str, object], encoder: Encoder, budget: Budget) -> None:
        self.values: Mapping[str, object] = values
        self.encoder: Encoder = encoder
        self.budget: Budget = budget

    def __getitem__(self, name: str) -> object:
        value = self.values[name]
        if self.encoder.name(name, self.budget)[1]:
            return REDACTED
        return _argument(value, self.encoder, self.budget)

    def __repr__(self) -> str:
        return self.encoder.value(self.values, self.budget)


def _argument(value: object, encoder: Encoder, budget: Budget) -> object:
    kind = type(value)
    if kind is int or kind is float:
        return value
    if kind is str:
        return value if len(value) <= encoder.max_length else encoder.text(value)  # type: ignore[arg-type]
    shown = encoder.structure(value, budget)
    return value if shown is None else _Shown(shown)


def _message(record: logging.LogRecord, line: Line, budget: Budget) -> str:
    encoder = line.encoder
    template: Any = record.msg
    if type(template) is not str:
        template = encoder.plain(template, budget)
    args: Any = record.args
    if args is None or args is _NO_ARGUMENTS:
        return encoder.text(template)
    try:
        if not args:
            return encoder.text(template)
        if _is_padded(template) if len(template) < 1000 else _PADDED.search(template):
            raise OverflowError("a width of five digits or more")
        if type(args) is tuple:
            args = tuple([_argument(each, encoder, budget) for each in args])
        elif issubclass(type(args), Mapping):
            args = _Named(args, encoder, budget)
        return encoder.text(template % args)
    except Exception as error:  # noqa: BLE001 - the arguments' own code may raise anything
        line.fields["message_error"] = quote(type(error).__name__)
        line.fields["message_args"] = encoder.value(record.args, encoder.budget())
        return encoder.text(template)


@lru_cache(maxsize=512)
def _is_padded(template: str) -> bool:
    """Return whether a template asks for a text of unreasonable length."""
    return _PADDED.search(template) is not None


def _long(text: object, line: Line) -> str:
    if type(text) is not str:
        return line.encoder.plain(text, line.encoder.budget())
    return line.encoder.long_text(text)


def add_context(line: Line, fields: Mapping[str, object], budget: Budget) -> None:
    """Add what is bound, or what every line carries, behind what the line has."""
    # Outside a request a project may say itself what belongs together.
    reserved = _RESERVED_OUTSIDE if line.values is None else RESERVED
    for key, value in fields.items():
        name, secret = line.encoder.name(key, budget)
        piece = line.encoder.field(secret, value, budget)
        if line.fields.get(name) == piece:
            continue
        if name in reserved or name in line.fields:
            name = f"context_{name}"
        line.fields[unique(name, line.fields)] = piece


def _same(ours: object, theirs: object) -> bool:
    return type(ours) is type(theirs) and type(ours) in (str, int) and ours == theirs
