"""What is done in the cache, as plain functions over a Django cache.

Every answer depends on generations: random numbers, one for its raw key, one for each part of its
path and one for each tag. They are read before the view is called and kept with its answer, which
counts for as long as each of them is still there and the same. To invalidate is to delete a
generation: one operation, however many answers depend on it. Whoever computed before that has
kept the old number, so a slow writer puts nothing back; and as a lost generation is replaced by
another random number, no eviction does either.
"""

from __future__ import annotations

import math
import secrets
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from .memory import InProcess
from .representations import Entry, read_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.core.cache.backends.base import BaseCache

    from .keys import Names

    Cache = BaseCache | InProcess

__all__ = ["Capture", "capture", "claim", "fetch", "forget", "give_up", "keep"]

DAY = 86400
GRACE = 60
"""Seconds for which the cache keeps what has expired: replacing it is cheaper and safer than
having the backend delete it while another request writes."""

OPEN = 0
"""In the place of a lock: compute without one, because the last answer could not be kept."""


class Capture(NamedTuple):
    """The state before a computation.

    Attributes:
        generations: their values; None if one was lost at once, so that nothing can be kept.
        created: the names of those that did not exist.
        holds: whether the request holds the lock.
    """

    generations: tuple[int, ...] | None
    created: tuple[str, ...]
    holds: bool


def fetch(cache: Cache, names: Names) -> Entry | None:
    """Return the answer, fresh or not, unless it was invalidated."""
    if isinstance(cache, InProcess):
        return cache.fetch(names)
    return _valid(cache.get_many(names.looked_up), names)


def claim(
    cache: Cache, names: Names, lease: int, lifetime: float, *, first: bool
) -> Entry | Capture | None:
    """Return a fresh answer, or the right to compute it, or None while somebody else does.

    Args:
        lease: seconds for which the lock is held at most.
        lifetime: seconds that the answer may be kept.
        first: the answer was looked up just now.
    """
    if not first:
        found = cache.get_many((*names.looked_up, names.lock))
        entry = _valid(found, names)
        if entry is not None and time.time() < entry.fresh_until:
            return entry
        lock = found.get(names.lock)
        if lock == OPEN:
            return _captured(cache, names, found, lifetime, holds=False)
        if lock is not None:
            return None
    if not cache.add(names.lock, secrets.randbits(62) + 1, lease):
        if first and cache.get(names.lock) == OPEN:
            return capture(cache, names, lifetime)
        return None
    # Between the look-up and the lock, another may have done it.
    found = cache.get_many(names.looked_up)
    entry = _valid(found, names)
    if entry is not None and time.time() < entry.fresh_until:
        cache.delete(names.lock)
        return entry
    return _captured(cache, names, found, lifetime, holds=True)


def capture(cache: Cache, names: Names, lifetime: float) -> Capture:
    """Read the generations, without a lock."""
    found = cache.get_many(names.generations)
    return _captured(cache, names, found, lifetime, holds=False)


def keep(cache: Cache, names: Names, entry: Entry, *, release: bool) -> None:
    """Keep an answer, and free the lock."""
    timeout = math.ceil(entry.stale_until - time.time()) + GRACE
    # As a plain tuple, which a process with another version of this package can read, too.
    cache.set(names.entry, tuple(entry), timeout)
    if release:
        cache.delete(names.lock)


def give_up(
    cache: Cache, names: Names, created: tuple[str, ...], *, release: bool, pause: int
) -> None:
    """Free the lock without an answer.

    For ``pause`` seconds everybody computes: they must not queue for what cannot be kept.
    The generations that were created for it would serve nobody.
    """
    if release and pause:
        cache.set(names.lock, OPEN, pause)
    elif release:
        cache.delete(names.lock)
    if created:
        cache.delete_many(created)


def forget(cache: Cache, generations: Iterable[str]) -> None:
    """Invalidate every answer that depends on one of the generations."""
    cache.delete_many(list(generations))


def _valid(found: Mapping[str, Any], names: Names) -> Entry | None:
    entry = read_entry(found.get(names.entry))
    if entry is None or entry.generations != tuple(map(found.get, names.generations)):
        return None
    return entry


def _captured(
    cache: Cache, names: Names, found: Mapping[str, Any], lifetime: float, *, holds: bool
) -> Capture:
    # The raw key's own serves this operation alone; others may depend on the rest for longer.
    timeout, others = 4 * math.ceil(lifetime), max(DAY, 4 * math.ceil(lifetime))
    generations: list[int] = []
    created: list[str] = []
    lost = False
    for name in names.generations:
        generation = found.get(name)
        if generation is None:
            generation = secrets.randbits(62) + 1
            if cache.add(name, generation, timeout):
                created.append(name)
            else:
                generation = cache.get(name)
        lost = lost or generation is None
        generations.append(generation or 0)
        timeout = others
    return Capture(None if lost else tuple(generations), tuple(created), holds)
