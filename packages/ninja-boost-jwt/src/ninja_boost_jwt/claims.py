"""What the claims of a token may be (RFC 7519, section 4.1), read strictly."""

from __future__ import annotations

import binascii
import functools
import json
import math
from collections.abc import Generator, Iterable, Mapping
from typing import Any, NoReturn

import jwt

__all__ = [
    "Claims",
    "accepted_header",
    "decoded_segment",
    "is_flat",
    "problem_in",
    "read_claims",
]

MAX_DEPTH = 32
"""Levels of lists and objects; what is deeper could not be written as JSON again everywhere."""

TIMES = ("exp", "nbf", "iat")
_TEXTS = ("iss", "sub", "jti")
MOST_HEADER = 4096
"""Characters of the longest header that is read."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# By the length of a segment, modulo 4: its last character leaves no bits over.
_LAST: tuple[frozenset[str], ...] = (
    frozenset(_ALPHABET),
    frozenset(),
    frozenset(_ALPHABET[::16]),
    frozenset(_ALPHABET[::4]),
)
_PADDING = (b"", b"===", b"==", b"=")
_TO_BASE64 = bytes.maketrans(b"-_", b"+/")
# What JSON is read as has exactly these types; a bool is no number.
_NESTING = frozenset((dict, list))
_NUMBERS = frozenset((int, float))


class Claims(dict[str, Any]):
    """The claims of a token that was verified; never empty.

    Awaiting it gives the claims themselves: so an async operation of plain Ninja takes
    them as they are, where it would call a sync authentication in a thread.
    """

    def __await__(self) -> Generator[Any, None, Claims]:
        yield from ()
        return self


def decoded_segment(segment: str) -> bytes:
    """Return the bytes of a segment of the alphabet of base64url (RFC 7515, appendix C).

    Raises:
        ValueError: it is not what those bytes are written as (RFC 4648, section 3.5).
    """
    if segment[-1:] not in _LAST[len(segment) % 4]:
        raise ValueError("The last character has bits to spare.")
    data = segment.encode("ascii").translate(_TO_BASE64)
    return binascii.a2b_base64(data + _PADDING[len(data) % 4])


def read_claims(data: bytes) -> Claims:
    """Return the claims of a payload.

    Raises:
        ValueError: it is no JSON, or holds what no token of ours may.
        jwt.DecodeError: likewise.
        RecursionError: it is too deep.
    """
    payload = _strictly(data)
    if not isinstance(payload, dict):
        raise jwt.DecodeError("The payload is no JSON object.")
    if problem := problem_in(payload):
        raise jwt.DecodeError(problem)
    if "exp" not in payload:
        raise jwt.MissingRequiredClaimError("exp")
    return Claims(payload)


@functools.lru_cache(maxsize=64)
def accepted_header(segment: str, expected: str) -> Mapping[str, Any] | None:
    """Return the header of a token, or None if it cannot be one that is accepted.

    Args:
        segment: the header as it was sent.
        expected: the ``typ`` that it must have, as RFC 7515, 4.1.9, compares it.

    Refused are critical extensions (RFC 7515, section 4.1.11), nested tokens (RFC 7519, section
    5.2), names that occur twice and members of a wrong type. ``jku``, ``x5u``, ``jwk`` and
    ``x5c`` are never looked at: a token does not bring its own key (RFC 8725, section 3.10).

    Tokens of one key have the same header, so that it is read once.
    """
    if len(segment) > MOST_HEADER:
        return None
    try:
        header = _strictly(decoded_segment(segment))
    except (jwt.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or not header.keys().isdisjoint(("crit", "b64", "cty")):
        return None
    if not isinstance(header.get("alg"), str) or not isinstance(header.get("kid", ""), str):
        return None
    return header if _is_of_type(header, expected) else None


def _is_of_type(header: Mapping[str, Any], expected: str) -> bool:
    found = header.get("typ")
    if found is None:
        return "typ" not in header and _media_type(expected) == "jwt"
    return isinstance(found, str) and _media_type(found) == _media_type(expected)


def problem_in(payload: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the claims: a type that RFC 7519, 4.1, forbids, or the depth."""
    for name in TIMES:
        if name in payload and not _is_number(payload[name]):
            return f"The claim {name!r} must be a number of seconds since 1970."
    for name in _TEXTS:
        if name in payload and not isinstance(payload[name], str):
            return f"The claim {name!r} must be text."
    audience = payload.get("aud", "")
    if not isinstance(audience, str) and not (
        isinstance(audience, list) and all(isinstance(item, str) for item in audience)
    ):
        return "The claim 'aud' must be text or a list of texts."
    if not is_flat(payload) and _is_deep(payload):
        return f"The claims are nested more than {MAX_DEPTH} levels deep."
    return None


def is_flat(payload: Mapping[str, Any]) -> bool:
    """Return whether no claim is a list or an object; ``payload`` is what JSON was read as."""
    return _NESTING.isdisjoint(map(type, payload.values()))


def _strictly(data: bytes) -> Any:
    return _decoder.decode(data.decode("utf-8"))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise jwt.DecodeError("A name occurs twice in one object.")
    return unique


def _refuse_constant(name: str) -> NoReturn:
    raise jwt.DecodeError(f"{name} is no JSON.")


_decoder = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)


def _is_deep(payload: Mapping[str, Any]) -> bool:
    level: list[Any] = [payload]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_number(value: Any) -> bool:
    try:
        return type(value) in _NUMBERS and math.isfinite(value)
    except OverflowError:  # an integer that no clock will ever show
        return False


def _media_type(typ: str) -> str:
    return typ.lower().removeprefix("application/")
