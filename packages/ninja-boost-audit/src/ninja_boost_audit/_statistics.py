"""What has happened in this process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Literal, get_args

__all__ = ["count", "statistics"]

Name = Literal["written", "failed", "refused"]

_lock = threading.Lock()
_counts: Counter[str] = Counter()


def count(name: Name) -> None:
    with _lock:
        _counts[name] += 1


def statistics() -> Mapping[str, int]:
    """Return what has been counted in this process since it started.

    Keys: ``written`` (records that the backend took), ``failed`` (records that it did not) and
    ``refused`` (operations that got a 503 for it).
    """
    with _lock:
        return {name: _counts[name] for name in get_args(Name)}
