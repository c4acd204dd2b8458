"""Reading what a stranger sent: strictly, and with nothing raised but Malformed."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from typing import Final

__all__ = ["Malformed", "decode_all", "from_base64", "from_hex", "json_text", "seconds"]

# A provider sends one signature, or two while it rotates; each costs a comparison.
MAX_SIGNATURES: Final = 16

_DIGITS = re.compile(r"[0-9]{1,12}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


class Malformed(ValueError):
    """What was sent is not what the scheme asks for; the text quotes none of it."""


def seconds(text: str) -> int:
    """Return a Unix time."""
    if _DIGITS.fullmatch(text) is None:
        raise Malformed("a timestamp that is no number of seconds")
    return int(text)


def from_hex(text: str) -> bytes | None:
    return bytes.fromhex(text) if _HEX.fullmatch(text) else None


def from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def decode_all(values: Iterable[str], decode: Callable[[str], bytes | None]) -> tuple[bytes, ...]:
    """Return the signatures that can be decoded; one at least, or all that was sent is malformed.

    Some senders add signatures of kinds that receivers do not know yet.
    """
    sent = list(values)
    if len(sent) > MAX_SIGNATURES:
        raise Malformed("too many signatures")
    found = tuple(signature for signature in map(decode, sent) if signature)
    if not found:
        raise Malformed("no signature that can be decoded")
    return found


def json_text(body: bytes, name: str) -> str | None:
    """Return a non-empty text of a JSON object, if the body is one and has it."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None
