"""What has happened in this process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Literal, get_args

__all__ = ["count", "statistics"]

Name = Literal[
    "hits",
    "stale_hits",
    "misses",
    "collapsed",
    "bypassed",
    "stored",
    "not_stored",
    "not_modified",
    "invalidations",
    "failures",
]

_lock = threading.Lock()
_counts: dict[str, int] = dict.fromkeys(get_args(Name), 0)


def count(name: Name) -> None:
    with _lock:
        _counts[name] += 1


def statistics() -> Mapping[str, int]:
    """Return what has been counted in this process since it started.

    Keys: ``hits`` (among them ``stale_hits``, and ``collapsed`` ones that waited for another
    request), ``misses``, ``bypassed`` (requests that were not looked up), ``stored``,
    ``not_stored`` (answers that may not be), ``not_modified`` (304), ``invalidations`` and
    ``failures`` (of the cache).
    """
    with _lock:
        return dict(_counts)
