"""The key that a client sends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ninja_boost_core import ApiError

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["MAX_LENGTH", "STANDARD_HEADER", "read_key"]

STANDARD_HEADER = "Idempotency-Key"
"""draft-ietf-httpapi-idempotency-key-header: a Structured Field string (RFC 9651, 3.3.3)."""

MAX_LENGTH = 255

# Visible ASCII without the quote and the backslash of a string, and without the comma and
# semicolon that join several headers and add parameters.
_BARE = re.compile(r"[!#-+\--:<-\[\]-~]+")
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_ESCAPED = re.compile(r'\\(["\\])')


def read_key(request: HttpRequest, header: str) -> str | None:
    """Return the key in ``header`` or in ``Idempotency-Key``; None if there is neither.

    Raises:
        ApiError: 400 for a key that is malformed or too long, and for two that differ.
    """
    found = {
        name: parsed(value, name)
        for name in (header, STANDARD_HEADER)
        if (value := request.headers.get(name)) is not None
    }
    if len(set(found.values())) > 1:
        names = " and ".join(found)
        raise ApiError(400, f"{names} differ; send one of them.", code="idempotency_key_invalid")
    return next(iter(found.values()), None)


def parsed(value: str, name: str) -> str:
    """Return the key in a header's value, which is a quoted string or bare.

    Raises:
        ApiError: 400.
    """
    value = value.strip()
    key = value if _BARE.fullmatch(value) else None
    if quoted := _QUOTED.fullmatch(value):
        key = _ESCAPED.sub(r"\1", quoted[1])
    if not key or not key.strip() or len(key) > MAX_LENGTH:
        raise ApiError(
            400,
            f"{name} must be 1 to {MAX_LENGTH} visible ASCII characters, bare or in double "
            "quotes; a UUID is a good one.",
            code="idempotency_key_invalid",
        )
    return key
