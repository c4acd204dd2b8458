"""Who it was."""

from __future__ import annotations

from typing import Any

from ninja_boost_core.principals import principal_id

from .records import clean_text

__all__ = ["actor_of"]


def actor_of(principal: Any) -> int | str | None:
    """Return the id of what authentication returned, as a record can hold it."""
    found = principal_id(principal)
    return found if found is None or isinstance(found, int) else clean_text(found)
