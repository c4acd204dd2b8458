"""Who it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from .records import clean_text

__all__ = ["actor_of"]

_NAMES = ("pk", "id", "user_id", "sub")


def actor_of(principal: Any) -> int | str | None:
    """Return the id of what authentication returned, or of a text or number itself.

    Looks for ``pk``, ``id``, ``user_id`` and ``sub``, as keys of a mapping or as attributes.
    None for nobody, and for a principal that names nobody, such as True.
    """
    if isinstance(principal, bool) or getattr(principal, "is_anonymous", False) is True:
        return None
    if isinstance(principal, str | int | UUID):
        return _id(principal)
    for name in _NAMES:
        known = isinstance(principal, Mapping)
        value = principal.get(name) if known else getattr(principal, name, None)
        if isinstance(value, str | int | UUID) and not isinstance(value, bool) and value != "":
            return _id(value)
    return None


def _id(value: str | int | UUID) -> int | str | None:
    return value if isinstance(value, int) else clean_text(value)
