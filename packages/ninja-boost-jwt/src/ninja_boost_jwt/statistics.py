"""What has happened in this process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Literal, get_args

__all__ = ["count", "statistics"]

Name = Literal[
    "jwks_fetches",
    "jwks_failures",
    "refreshes",
    "refresh_reuses",
    "cache_failures",
    "database_failures",
]

_lock = threading.Lock()
_counts: Counter[str] = Counter()


def count(name: Name) -> None:
    with _lock:
        _counts[name] += 1


def statistics() -> Mapping[str, int]:
    """Return what has been counted in this process since it started.

    Keys: ``jwks_fetches`` and, of these, ``jwks_failures``; ``refreshes``; ``refresh_reuses``
    (families revoked because a refresh token was used again); ``cache_failures`` and
    ``database_failures`` of the look-up of revoked tokens.
    """
    with _lock:
        return {name: _counts[name] for name in get_args(Name)}
