"""The cursor's wire form: ``1`` (the version) and base64url of a MAC and a JSON array.

The JSON array is ``[mode, value, ...]``. What JSON has no type for is an object with one key,
which names the type. The MAC also covers a `scope` (operation, ordering and filters) that the
token does not carry: a token of another list cannot be told from an altered one, and is refused
in the same words.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hmac
import json
import math
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MAX_LENGTH", "BadCursor", "Cursor", "UnfitValue", "decode", "encode"]

MAX_LENGTH = 2048
"""Characters. Longer tokens are neither made nor read; servers cut request lines at 4 to 8 kB."""

_VERSION = "1"
_SALT = "ninja_boost_pagination.cursor"
_MAC_BYTES = 16


class BadCursor(ValueError):
    """A token that is malformed, altered, too old, or of another list."""


class UnfitValue(TypeError):
    """A sort value that a token cannot carry."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in an ordering, and where the page lies from there.

    Attributes:
        values: one value for each term of the ordering.
        backward: whether the page precedes the position.
        inclusive: whether a row at the position itself belongs to the page.
    """

    values: tuple[Any, ...]
    backward: bool = False
    inclusive: bool = False


def encode(cursor: Cursor, scope: str) -> str:
    """Return the signed token.

    Raises:
        UnfitValue: a value's type is unknown, or the token would be longer than MAX_LENGTH.
    """
    mode = cursor.backward + 2 * cursor.inclusive
    payload = json.dumps(
        [mode, *map(pack, cursor.values)], ensure_ascii=False, separators=(",", ":")
    ).encode()
    mac = _mac(payload, scope, settings.SECRET_KEY)
    token = _VERSION + base64.urlsafe_b64encode(mac + payload).rstrip(b"=").decode()
    if len(token) > MAX_LENGTH:
        raise UnfitValue(
            f"The sort values of a row make a cursor of {len(token)} characters, more than "
            f"{MAX_LENGTH}: order by shorter columns."
        )
    return token


def decode(token: str, scope: str) -> Cursor:
    """Return what `encode` was given.

    Raises:
        BadCursor: for every token that `encode` did not make for this scope.
    """
    if len(token) > MAX_LENGTH:
        raise BadCursor("too long")
    if not token.startswith(_VERSION):
        raise BadCursor("unknown version")
    body = token[len(_VERSION) :]
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise BadCursor("no base64url") from exc
    mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(hmac.compare_digest(mac, _mac(payload, scope, key)) for key in keys):
        raise BadCursor("altered, or of another list")
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != body:
        raise BadCursor("not in its canonical form")
    # Signed by us, so what follows was written by this version of `encode`.
    mode, *values = json.loads(payload)
    return Cursor(tuple(map(unpack, values)), bool(mode & 1), bool(mode & 2))


def _mac(payload: bytes, scope: str, key: str | bytes) -> bytes:
    # The scope is hashed first, so that no two pairs of scope and payload run together.
    bound = salted_hmac(f"{_SALT}.{_VERSION}", scope, secret=key, algorithm="sha256").digest()
    return hmac.digest(bound, payload, "sha256")[:_MAC_BYTES]


# In the order of their tests: a datetime is a date, too.
_PACKERS: tuple[tuple[type, str, Callable[[Any], str]], ...] = (
    (datetime.datetime, "t", datetime.datetime.isoformat),
    (datetime.date, "d", datetime.date.isoformat),
    (datetime.time, "c", datetime.time.isoformat),
    (
        datetime.timedelta,
        "s",
        lambda delta: str((delta.days * 86_400 + delta.seconds) * 10**6 + delta.microseconds),
    ),
    (Decimal, "n", str),
    (uuid.UUID, "u", lambda value: value.hex),
    (bytes, "b", lambda value: base64.b64encode(value).decode()),
    (memoryview, "b", lambda value: base64.b64encode(value).decode()),
)
_UNPACKERS: Mapping[str, Callable[[str], Any]] = {
    "t": datetime.datetime.fromisoformat,
    "d": datetime.date.fromisoformat,
    "c": datetime.time.fromisoformat,
    "s": lambda text: datetime.timedelta(microseconds=int(text)),
    "n": Decimal,
    "u": lambda text: uuid.UUID(hex=text),
    "b": base64.b64decode,
    "f": float,
}


def pack(value: Any) -> Any:
    """Return the JSON form of a value.

    Raises:
        UnfitValue: the value is of no supported type.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"f": str(float(value))}
    for kind, tag, write in _PACKERS:
        if isinstance(value, kind):
            return {tag: write(value)}
    raise UnfitValue(
        f"A cursor cannot carry a sort value of type {type(value).__name__}: order by a column "
        "of numbers, text, dates, UUIDs or booleans."
    )


def unpack(value: Any) -> Any:
    """Return what `pack` was given."""
    if isinstance(value, dict):
        [(tag, text)] = value.items()
        return _UNPACKERS[tag](text)
    return value
