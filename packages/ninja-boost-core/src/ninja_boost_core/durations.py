"""Durations as settings and arguments give them."""

from __future__ import annotations

import re
from datetime import timedelta

__all__ = ["Duration", "no_or_seconds", "seconds"]

Duration = int | float | str | timedelta
"""Seconds, a timedelta, or a number with a unit: ``"90s"``, ``"30m"``, ``"24h"``, ``"7d"``."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_TEXT = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def seconds(value: Duration) -> float:
    """Return ``value`` in seconds.

    Raises:
        ValueError: if it is no duration, or not longer than nothing.
    """
    found = _number(value)
    if not 0 < found < float("inf"):
        raise ValueError(
            f"{value!r} is no duration; give seconds, a timedelta, or a text such as '24h'"
        )
    return found


def no_or_seconds(value: Duration) -> float:
    """The same, with 0 for none at all."""
    return 0.0 if value == 0 and not isinstance(value, bool) else seconds(value)


def _number(value: Duration) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        match = _TEXT.fullmatch(value.strip().lower())
        return float(match[1]) * _UNITS[match[2]] if match else 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value)
