"""The difference that an operation made, without its secrets."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Model
from pydantic import BaseModel

from .records import clean_text
from .settings import current_options

__all__ = ["REDACTED", "difference", "plain", "plain_members"]

REDACTED = "[redacted]"

_DEPTH = 6
_ITEMS = 100
_TEXT = 2000
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SUBSTRING = 5


def difference(before: Any, after: Any) -> dict[str, list[Any]]:
    """Return ``{member: [before, after]}`` for each member that differs.

    Args:
        before: a mapping, model instance, pydantic model or dataclass; None where there was
            nothing yet.
        after: the same for afterwards; None where there is nothing any more.

    A secret that changed is there, with neither of its values.
    """
    old, new = _members(before), _members(after)
    changes: dict[str, list[Any]] = {}
    for name in [*old, *(name for name in new if name not in old)]:
        # Compared as they are, so that a changed secret or a long text shows as changed.
        if name in old and name in new and _same(old[name], new[name]):
            continue
        changes[_name(name)] = [
            _value(name, members[name], _DEPTH) if name in members else None
            for members in (old, new)
        ]
    return changes


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it, redacted and cut; of an unknown type, just its name."""
    return _plain(value, _DEPTH)


def plain_members(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping as ``plain`` has it."""
    return {_name(name): _value(name, value, _DEPTH) for name, value in members.items()}


def _same(old: Any, new: Any) -> bool:
    return type(old) is type(new) and bool(old == new)


def _members(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {str(name): item for name, item in value.items()}
    if isinstance(value, Model):
        deferred = value.get_deferred_fields()
        names = (field.attname for field in value._meta.concrete_fields)
        return {name: getattr(value, name) for name in names if name not in deferred}
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(
        f"A {type(value).__name__} has no members to compare; give a mapping, a model instance, "
        "a pydantic model or a dataclass."
    )


def _value(name: str, value: Any, depth: int) -> Any:
    if value is not None and _is_secret(name, current_options().REDACT):
        return REDACTED
    return _plain(value, depth)


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _plain(value.value, depth)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return clean_text(str(value), _TEXT)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID | timedelta):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if depth == 0:
        return "[…]"
    if isinstance(value, Mapping | Model | BaseModel):
        return {
            _name(name): _value(name, item, depth - 1)
            for name, item in list(_members(value).items())[:_ITEMS]
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth - 1) for item in _first(value)]
    # Its text may be anything, a secret included.
    return f"[{type(value).__name__}]"


def _first(values: Iterable[Any]) -> list[Any]:
    return list(values)[:_ITEMS]


def _name(name: str) -> str:
    return clean_text(name) or ""


@lru_cache(maxsize=4096)
def _is_secret(name: str, secrets: tuple[str, ...]) -> bool:
    """Whether ``name`` has one of the secret names in it.

    The words of ``userPassword``, ``user-password`` and ``USER_PASSWORD`` are the same. A short
    name must be whole words, so that ``pin`` is not found in ``shipping``.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    runs = {"".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}
    runs |= {run.removesuffix("s") for run in runs}
    squeezed = "".join(words)
    for secret in secrets:
        wanted = "".join(_WORDS.findall(secret)).lower()
        if wanted in runs or (len(wanted) >= _SUBSTRING and wanted in squeezed):
            return True
    return False
