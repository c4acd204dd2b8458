"""Any Python object as a piece of JSON: bounded, redacted, in ASCII, and without an exception."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping, Set
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from itertools import islice
from json.encoder import encode_basestring_ascii
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model, QuerySet
from django.utils.functional import LazyObject, empty
from pydantic import BaseModel

from ninja_boost_core.conf import boost_settings

from .redaction import REDACTED, Redactor
from .settings import LoggingOptions, LoggingSettings

__all__ = ["Budget", "Encoder", "current_encoder", "quote", "unique"]

CUT = "[truncated]"
SMALL = 10**12
"""Smaller numbers are no card numbers."""

# A class may have a metaclass that raises.
_NAME = type.__dict__["__name__"].__get__

_QUOTED_REDACTED = f'"{REDACTED}"'
_QUOTED_CUT = f'"{CUT}"'
_LONGEST_KEY = 128
_MOST_VALUES = 2000
_SLACK = 1024
"""Characters beyond a cut that are looked at too: a secret that is cut in two is still one."""

_PLAIN = (datetime, date, time, timedelta, Decimal, UUID, PurePath)
_ARRAYS = (list, tuple, Set, deque)


class Budget:
    """What is left for one line: values, and characters of text."""

    __slots__ = ("characters", "values")

    def __init__(self, characters: int) -> None:
        self.values: int = _MOST_VALUES
        self.characters: int = characters


class Encoder:
    """Turns objects into JSON as the options say."""

    def __init__(self, options: LoggingOptions) -> None:
        self.redactor: Redactor | None = None
        if options.REDACT:
            self.redactor = Redactor(
                options.REDACT_KEYS, options.REDACT_PATTERNS, options.REVEAL_KEYS
            )
        self._has_patterns = bool(options.REDACT and options.REDACT_PATTERNS)
        self.max_length: int = options.MAX_LENGTH
        self._known_name = lru_cache(maxsize=4096)(self._name)
        self._max_items = options.MAX_ITEMS
        self._max_depth = options.MAX_DEPTH

    def budget(self) -> Budget:
        """Return what one line may hold."""
        return Budget(16 * self.max_length)

    def text(self, text: str) -> str:
        """Return a text bounded and redacted."""
        limit = self.max_length
        if len(text) > limit:
            return self._head(text, limit) + CUT
        return text if self.redactor is None else self.redactor.text(text)

    def is_clean(self, text: str, shown: str) -> bool:
        """Return whether each part of a text has no secret either, ``shown`` being its ``text``.

        The project's own patterns may look at where a text begins and ends.
        """
        return shown == text and not self._has_patterns

    def long_text(self, text: str) -> str:
        """Return a traceback bounded, by leaving out its middle, and redacted."""
        limit = 4 * self.max_length
        if len(text) <= limit:
            return text if self.redactor is None else self.redactor.text(text)
        head = limit // 4
        return f"{self._head(text, head)}\n{CUT}\n{self._tail(text, limit - head)}"

    def _head(self, text: str, length: int) -> str:
        if self.redactor is None:
            return text[:length]
        window = self.redactor.text(text[: length + _SLACK])
        return window[: min(length, max(0, len(window) - _SLACK))]

    def _tail(self, text: str, length: int) -> str:
        if self.redactor is None:
            return text[-length:]
        window = self.redactor.text(text[-length - _SLACK :])
        return window[max(_SLACK, len(window) - length) :]

    def quoted(self, text: str) -> str:
        """Return a text bounded, redacted and quoted."""
        return quote(self.text(text))

    def field(self, secret: bool, value: object, budget: Budget, depth: int = 0) -> str:
        """Return the JSON of a value, or what stands for a secret; it never raises."""
        if secret and value is not None and type(value) is not bool:
            return _QUOTED_REDACTED
        return self.value(value, budget, depth)

    def value(self, value: Any, budget: Budget, depth: int = 0) -> str:
        """Return the JSON of any object; it never raises."""
        budget.values -= 1
        if budget.values < 0 or budget.characters < 0:
            return _QUOTED_CUT
        kind = type(value)
        if kind is str:
            if len(value) > self.max_length:
                value = self.text(value)
            elif self.redactor is not None:
                value = self.redactor.text(value)
            budget.characters -= len(value)
            return encode_basestring_ascii(value) if value.isascii() else quote(value)
        if kind is int and -SMALL < value < SMALL:
            return int.__repr__(value)
        if value is None:
            return "null"
        if kind is bool:
            return "true" if value else "false"
        try:
            if kind is int:
                return self._integer(value)
            return self._other(value, kind, budget, depth)
        except Exception as error:  # noqa: BLE001 - the object's own code may raise anything
            return quote(f"[{_NAME(kind)}: {_NAME(type(error))}]")

    def structure(self, value: object, budget: Budget) -> str | None:
        """Return the JSON of a list, a dictionary or an object with fields; else None."""
        return self._structure(value, type(value), budget, 0)

    def plain(self, value: object, budget: Budget) -> str:
        """Return any object as a text, bounded and redacted; it never raises."""
        piece = self.value(value, budget)
        return json.loads(piece) if piece.startswith('"') else piece

    def _charged(self, text: str, budget: Budget) -> str:
        text = self.text(text)
        budget.characters -= len(text)
        return quote(text)

    def _integer(self, value: int) -> str:
        if value.bit_length() > 512:
            return f'"[integer of {value.bit_length()} bits]"'
        if self.redactor is not None and self.redactor.number(value):
            return _QUOTED_REDACTED
        return int.__repr__(value)

    def _other(self, value: Any, kind: type, budget: Budget, depth: int) -> str:
        # isinstance() would ask the object for its __class__, and a lazy one would be loaded.
        if depth > self._max_depth:
            return _QUOTED_CUT
        if issubclass(kind, LazyObject):
            wrapped = value.__dict__.get("_wrapped", empty)
            if wrapped is empty:
                return f'"<{kind.__name__}>"'
            return self.value(wrapped, budget, depth + 1)
        if issubclass(kind, float):
            return float.__repr__(value) if math.isfinite(value) else f'"{float.__repr__(value)}"'
        if issubclass(kind, Enum):
            return self.value(value.value, budget, depth + 1)
        if issubclass(kind, str):
            return self._charged(str.__str__(value), budget)
        if issubclass(kind, int):
            return self._integer(int.__index__(value))
        if issubclass(kind, _PLAIN):
            shown = value.isoformat() if issubclass(kind, date | time) else str(value)
            return self._charged(shown, budget)
        if issubclass(kind, bytes | bytearray | memoryview):
            start = bytes(value[: 4 * self.max_length])
            return self._charged(start.decode("utf-8", "backslashreplace"), budget)
        if issubclass(kind, BaseException):
            return self._charged(f"{kind.__name__}: {value}", budget)
        structure = self._structure(value, kind, budget, depth)
        if structure is not None:
            return structure
        return self._charged(_shown(value, kind), budget)

    def _structure(self, value: Any, kind: type, budget: Budget, depth: int) -> str | None:
        items: Iterator[tuple[object, object]] | None = None
        if issubclass(kind, Mapping):
            items = iter(value.items())
        elif issubclass(kind, BaseModel):
            items = iter([*vars(value).items(), *(value.__pydantic_extra__ or {}).items()])
        elif hasattr(kind, "__dataclass_fields__"):
            items = ((f.name, getattr(value, f.name, None)) for f in dataclasses.fields(value))
        elif issubclass(kind, tuple) and hasattr(kind, "_fields"):
            items = zip(kind._fields, value, strict=False)
        if items is not None:
            return self._object(items, budget, depth)
        if issubclass(kind, _ARRAYS):
            if kind is tuple and len(value) == 2 and type(value[0]) in (str, bytes):
                value = (value[0], REDACTED) if self.name(value[0], budget)[1] else value
            return self._array(value, budget, depth)
        return None

    def _object(self, items: Iterable[tuple[object, object]], budget: Budget, depth: int) -> str:
        pieces: dict[str, str] = {}
        # At once, as another thread may add to it.
        for key, value in list(islice(items, self._max_items + 1)):
            if len(pieces) == self._max_items or budget.values < 0:
                pieces[unique(CUT, pieces)] = "true"
                break
            name, secret = self.name(key, budget)
            pieces[unique(name, pieces)] = self.field(secret, value, budget, depth + 1)
        return "{" + ",".join(f"{quote(name)}:{piece}" for name, piece in pieces.items()) + "}"

    def _array(self, items: Iterable[object], budget: Budget, depth: int) -> str:
        pieces: list[str] = []
        for item in list(islice(items, self._max_items + 1)):
            if len(pieces) == self._max_items or budget.values < 0:
                pieces.append(_QUOTED_CUT)
                break
            pieces.append(self.value(item, budget, depth + 1))
        return "[" + ",".join(pieces) + "]"

    def name(self, key: object, budget: Budget) -> tuple[str, bool]:
        """Return the text that stands for a key, and whether a secret goes under it."""
        kind = type(key)
        if kind is not str:
            if kind is bytes:
                key = key.decode("utf-8", "backslashreplace")  # type: ignore[attr-defined]
            elif issubclass(kind, str):
                key = str.__str__(key)
            else:
                key = self.plain(key, budget)
        text: str = key  # type: ignore[assignment]
        budget.characters -= len(text)
        return self._known_name(text) if len(text) <= _LONGEST_KEY else self._name(text)

    def _name(self, key: str) -> tuple[str, bool]:
        if len(key) > _LONGEST_KEY:
            key = key[:_LONGEST_KEY] + CUT
        if self.redactor is None:
            return key, False
        return self.redactor.text(key), self.redactor.sensitive(key)


def quote(text: str) -> str:
    """Return a text as a JSON string in ASCII, with control characters and surrogates escaped."""
    if not text.isascii():
        # JSON can spell half a character, but hardly anybody can read it.
        text = text.encode("utf-8", "backslashreplace").decode()
    return encode_basestring_ascii(text)


def unique(name: str, taken: Container[str]) -> str:
    """Return ``name``, or what it is called where that name is taken."""
    while name in taken:
        name = f"extra_{name}"
    return name


def _shown(value: Any, kind: type) -> str:
    """Return the text of an object, without asking a database for it."""
    if issubclass(kind, Model):
        return f"{kind._meta.label}({value.__dict__.get(kind._meta.pk.attname)!r})"
    if issubclass(kind, QuerySet):
        return f"<{kind.__name__} of {value.model._meta.label}>"
    return str.__str__(str(value))


_default = Encoder(LoggingOptions())
_current: Encoder | None = None
_loading = False


def current_encoder() -> Encoder:
    """Return the encoder of the settings.

    With the defaults, redaction among them, for as long as there are no valid settings: logs
    are written before Django is set up, and of what is wrong with the settings.
    """
    return _current or _load()


def _load() -> Encoder:
    global _current, _loading
    if _loading or not (settings.configured and apps.ready):
        return _default
    # What is imported to read the settings may write logs.
    _loading = True
    try:
        _current = Encoder(boost_settings.section(LoggingSettings).LOGGING)
    except ImproperlyConfigured:
        return _default
    finally:
        _loading = False
    return _current


@boost_settings.on_change
def _forget() -> None:
    global _current
    _current = None
