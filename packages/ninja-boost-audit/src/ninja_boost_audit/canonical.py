"""Canonical JSON, after RFC 8785 (JSON Canonicalization Scheme): one value, one text.

Object members are sorted by the UTF-16 code units of their names, nothing stands between tokens,
strings have the shortest escapes, and floats are written as ECMAScript writes them. It departs
from the RFC in one point: an integer keeps all its digits, while the RFC would round one beyond
2**53 to a double.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import Any, Final

__all__ = ["canonical_bytes", "canonical_json"]


def canonical_json(value: Any) -> str:
    """Return the canonical text of ``value``.

    Args:
        value: None, a bool, int, float or str, or a list, tuple or mapping of such.

    Raises:
        TypeError: for anything else, or a member's name that is no text.
        ValueError: for NaN, an infinity, or a text with a lone surrogate.
    """
    if type(value) is dict and _writes_alike(value):
        text = _encode(value)
        if not text.isascii():
            text.encode()  # see _string
        return text
    if isinstance(value, str):
        return _string(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        names = list(value)
        if not all(isinstance(name, str) for name in names):
            raise TypeError("The names of a JSON object's members must be texts.")
        # For ASCII names, the usual case, the two orders are the same.
        names.sort(key=None if all(map(str.isascii, names)) else _code_units)
        members = [f"{_string(name)}:{canonical_json(value[name])}" for name in names]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(canonical_json, value)) + "]"
    raise TypeError(f"{type(value).__name__} has no canonical JSON.")


def canonical_bytes(value: Any) -> bytes:
    """Return ``canonical_json(value)`` in UTF-8."""
    return canonical_json(value).encode()


_ALIKE: Final = frozenset({str, int, bool, type(None)})
_NESTED: Final = frozenset({dict, list})


def _writes_alike(value: Any) -> bool:
    """Return whether json's own encoder writes a dict or a list in the same way.

    What differs are floats, the order of names beyond ASCII, and classes of one's own.
    """
    items = value
    if type(value) is dict:
        if not {str}.issuperset(map(type, value)) or not all(map(str.isascii, value)):
            return False
        items = value.values()
    kinds = set(map(type, items))
    if kinds <= _ALIKE:
        return True
    return kinds <= _ALIKE | _NESTED and all(
        _writes_alike(each) for each in items if type(each) in _NESTED
    )


def _compiled() -> Callable[[Any], str]:
    """Return the encoder without its preparations, which it would make for each value."""
    encoder = json.JSONEncoder(
        ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
    )
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return encoder.encode
    # In the order of its arguments: sort_keys, skipkeys, allow_nan.
    chunks = make(None, encoder.default, encode_basestring, None, ":", ",", True, False, False)
    return lambda value: "".join(chunks(value, 0))


_encode: Final = _compiled()


def _code_units(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


def _string(text: str) -> str:
    if not text.isascii():
        text.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    return encode_basestring(text)


def _number(number: float) -> str:
    """Write a double as ECMAScript's Number::toString does.

    Python finds the same shortest digits; only their layout differs.
    """
    if not math.isfinite(number):
        raise ValueError(f"{number} has no JSON.")
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = f"{abs(number)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    # The value is 0.DIGITS times ten to the power of point.
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = f"e{point - 1:+d}"
    return f"{sign}{digits[0]}{'.' if count > 1 else ''}{digits[1:]}{power}"
