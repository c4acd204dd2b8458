"""Formatters that write one line for a record, whatever is in it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from functools import lru_cache
from time import gmtime, strftime
from time import time as now
from typing import Any

from .context import RequestFields
from .encoding import Encoder, current_encoder, quote
from .records import RESERVED, read

__all__ = [
    "StructuredFormatter",
    "StructuredJsonFormatter",
    "StructuredVerboseFormatter",
    "fields_json",
    "place_json",
    "request_json",
]

_LATEST = 253_402_300_800
"""The end of the year 9999, beyond which RFC 3339 has no dates."""

_MILLISECONDS = tuple(f".{number:03d}Z" for number in range(1000))

_SAFE = re.compile(r"[\w./:@{}+~-]+")


class StructuredFormatter(logging.Formatter):
    """What the formatters have in common.

    Args:
        fields: what every line carries, such as ``{"service": "orders"}``.
        args, kwargs: as ``logging.Formatter``; the format has no effect.

    Raises:
        ValueError: if one of the fields has a name of ours.
    """

    def __init__(
        self, *args: Any, fields: Mapping[str, object] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields: dict[str, object] = dict(fields or {})
        if clash := RESERVED & self.fields.keys():
            raise ValueError(
                f"fields: {', '.join(sorted(clash))} is written by {type(self).__name__} itself."
            )
        self._second: tuple[int, str] = (0, "1970-01-01T00:00:00")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. It never raises: what cannot be shown is named instead."""
        try:
            return self.line(record)
        except Exception as error:  # noqa: BLE001 - whatever was logged, there is a line
            return self.emergency(error)

    def line(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        raise NotImplementedError

    def emergency(self, error: Exception) -> str:
        """Return the line of a record that cannot be read, such as one with attributes missing."""
        raise NotImplementedError

    def timestamp(self, created: Any) -> str:
        """Return the time in UTC as RFC 3339 has it, to the millisecond."""
        if type(created) is not float or not 0 <= created < _LATEST:
            created = now()
        second = int(created)
        known, text = self._second
        if second != known:
            text = strftime("%Y-%m-%dT%H:%M:%S", gmtime(second))
            self._second = (second, text)
        return text + _MILLISECONDS[int((created - second) * 1000)]


class StructuredJsonFormatter(StructuredFormatter):
    """One JSON object a line, in ASCII.

    ``timestamp``, ``level``, ``logger`` and ``message``; in a request ``trace_id``, ``method``,
    ``path``, ``route``, ``user_id`` and ``ip``; then what was given as ``extra`` or bound, and
    ``exception``. An extra with one of these names is written as ``extra_<name>``.
    """

    def line(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line = read(record, self.fields, self.formatException)
        head = (
            f'{{"timestamp":"{self.timestamp(record.created)}"'
            f',"level":{_name(record.levelname)},"logger":{_name(record.name)}'
            f',"message":{quote(line.message)}'
        )
        pieces = [head]
        if line.values is not None:
            pieces.append(request_json(line.values, line.encoder, line.request))
        pieces += [f",{quote(name)}:{piece}" for name, piece in line.fields.items()]
        if line.exception is not None:
            pieces.append(f',"exception":{quote(line.exception)}')
        if line.stack is not None:
            pieces.append(f',"stack":{quote(line.stack)}')
        pieces.append("}")
        return "".join(pieces)

    def emergency(self, error: Exception) -> str:
        """Return the line of a record that cannot be read, such as one with attributes missing."""
        return (
            f'{{"timestamp":"{self.timestamp(None)}","level":"ERROR"'
            ',"logger":"ninja_boost.logging","message":"A record cannot be read."'
            f',"formatter_error":"{type(error).__name__}"}}'
        )


class StructuredVerboseFormatter(StructuredFormatter):
    """A line for people: time, level, logger, ``[name=value ...]``, message.

    The fields stand before the message, so that no message can look like one of them. The lines
    of a traceback follow, each behind a bar.
    """

    def line(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line = read(record, self.fields, self.formatException)
        fields = [
            f"{name}={_word(str(value))}"
            for name, value in (line.values or {}).items()
            if value is not None
        ]
        for name, piece in line.fields.items():
            shown = _word(json.loads(piece)) if piece.startswith('"') else piece
            fields.append(f"{_word(name)}={shown}")
        text = (
            f"{self.timestamp(record.created)} {_word(json.loads(_name(record.levelname))):<8} "
            f"{_word(json.loads(_name(record.name)))} [{' '.join(fields) or '-'}] "
            f"{_printable(line.message)}"
        )
        for block in (line.exception, line.stack):
            if block is not None:
                text += "".join(f"\n    | {_printable(each)}" for each in block.split("\n"))
        return text

    def emergency(self, error: Exception) -> str:
        """Return the line of a record that cannot be read, such as one with attributes missing."""
        return (
            f"{self.timestamp(None)} ERROR    ninja_boost.logging "
            f"[formatter_error={_word(type(error).__name__)}] A record cannot be read."
        )


def request_json(values: Mapping[str, Any], encoder: Encoder, request: RequestFields | None) -> str:
    """Return the JSON of the request's fields; it is made again when they have changed.

    Args:
        values: the fields.
        encoder: what makes texts of them.
        request: keeps what was made; None where there is none any more.
    """
    known = None if request is None else request.json
    if known is not None and known[0] is encoder and known[1] is values:
        return known[2]
    place = place_json(values["method"], values["path"], values["route"], encoder)
    text = fields_json(values, place, encoder.max_length)
    if request is not None:
        request.json = (encoder, values, text)
    return text


def fields_json(values: Mapping[str, Any], place: str, most: int) -> str:
    """Return the JSON of the request's fields.

    Args:
        values: the fields.
        place: what ``place_json`` made of three of them.
        most: characters of one text.
    """
    # The ids are no secrets, whatever they look like.
    return (
        f',"trace_id":{_json(values["trace_id"], most)}{place}'
        f',"user_id":{_json(values["user_id"], most)},"ip":{_json_of_few(values["ip"], most)}'
    )


def place_json(
    method: str | None, path: str, route: str | None, encoder: Encoder, *, clean: bool = False
) -> str:
    """Return the JSON of the fields that say what was asked for.

    Args:
        method, path, route: the fields.
        encoder: what makes texts of them.
        clean: whether the path is known to have no secret in it.
    """
    most = encoder.max_length
    shown = path[:most] if clean else encoder.text(path)
    return (
        f',"method":{_json(method, most)},"path":{quote(shown)},"route":{_json_of_few(route, most)}'
    )


def _json(value: Any, most: int) -> str:
    if value is None:
        return "null"
    if type(value) is int:
        return int.__repr__(value)
    return quote(value[:most])


# A few peers send most requests, and there are no more routes than the project has.
_json_of_few = lru_cache(maxsize=4096)(_json)


@lru_cache(maxsize=1024)
def _known_name(name: str) -> str:
    return quote(name)


def _name(name: Any) -> str:
    """Return the JSON string of a logger's or level's name."""
    if type(name) is not str or len(name) > 200:
        encoder = current_encoder()
        return quote(encoder.plain(name, encoder.budget()))
    return _known_name(name)


def _printable(text: str) -> str:
    """Return a text with everything escaped that is no visible character or blank."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _word(text: str) -> str:
    """Return a text as it is if it is one word, else quoted."""
    if _SAFE.fullmatch(text) and text.isprintable():
        return text
    return _printable(json.dumps(text, ensure_ascii=False))
