"""What has happened in this process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Literal, get_args

__all__ = ["count", "statistics"]

Name = Literal[
    "executed",
    "replayed",
    "in_progress",
    "mismatched",
    "fenced",
    "store_failures",
]

_lock = threading.Lock()
_counts: Counter[str] = Counter()


def count(name: Name) -> None:
    with _lock:
        _counts[name] += 1


def statistics() -> Mapping[str, int]:
    """Return what has been counted in this process since it started.

    Keys: ``executed`` (requests that got their key), ``replayed``, ``in_progress`` (409),
    ``mismatched`` (422), ``fenced`` (results that came after their lease had been taken over,
    and were not kept) and ``store_failures``.
    """
    with _lock:
        return {name: _counts[name] for name in get_args(Name)}
