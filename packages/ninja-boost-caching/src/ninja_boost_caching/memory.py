"""Generations of a cache that is in this process anyway."""

from __future__ import annotations

import pickle
import secrets
import threading
import time
from collections.abc import Iterable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache

from .keys import GENERATION, PREFIX, Names
from .representations import Entry, read_entry

__all__ = ["InProcess"]

MOST_GENERATIONS = 100_000
MOST_KEYS = 10_000
MOST_UNPICKLED = 512
LARGEST_UNPICKLED = 16_384
"""Entries that are kept unpickled, and the bytes of one; to unpickle a larger one is to copy it."""

LIFE = f"{PREFIX}life"
"""A key that goes when the cache is cleared; the generations go with it."""


class InProcess:
    """A locmem cache whose generations are in a dictionary, which is quicker to ask.

    Of a Django cache it has the methods that ``storage`` calls.

    Args:
        cache: one instance; those of all threads have the same contents and one lock.
    """

    def __init__(self, cache: LocMemCache) -> None:
        # Of what ``_read`` takes, the type of the class says nothing.
        self._cache: Any = cache
        self._generations: dict[str, int] = {}
        self._life: bytes | None = None
        self._lock = threading.Lock()
        self._keys: dict[str, str] = {}
        self._unpickled: dict[str, tuple[bytes, Entry]] = {}

    def fetch(self, names: Names) -> Entry | None:
        """Return the answer, fresh or not, unless it was invalidated."""
        name, cache = names.entry, self._cache
        with cache._lock:
            life = self._read(LIFE)
            kept = self._read(name)
        if life is None or life != self._life:
            self._begin()
        if kept is None:
            return None
        known = self._unpickled.get(name)
        # The very same object, so that nothing counts which the cache has replaced.
        entry = known[1] if known and known[0] is kept else self._unpickle(name, kept)
        found = tuple(map(self._generations.get, names.generations))
        return entry if entry is not None and entry.generations == found else None

    def get_many(self, names: Iterable[str]) -> dict[str, Any]:
        cache = self._cache
        found: dict[str, Any] = {}
        pickled: list[tuple[str, bytes]] = []
        with cache._lock:
            life = self._read(LIFE)
            for name in names:
                if not name.startswith(GENERATION):
                    kept = self._read(name)
                    if kept is not None:
                        pickled.append((name, kept))
        if life is None or life != self._life:
            self._begin()
        for name, kept in pickled:
            found[name] = pickle.loads(kept)  # noqa: S301 - this process wrote it
        generations = self._generations
        for name in names:
            generation = generations.get(name)
            if generation is not None:
                found[name] = generation
        return found

    def get(self, name: str) -> Any:
        return self.get_many((name,)).get(name)

    def add(self, name: str, value: int, timeout: float) -> bool:
        if not name.startswith(GENERATION):
            return bool(self._cache.add(name, value, timeout))
        if len(self._generations) >= MOST_GENERATIONS:
            # No answer that there is counts any more, and none comes back.
            self._generations = {}
        return self._generations.setdefault(name, value) == value

    def set(self, name: str, value: Any, timeout: float) -> None:
        self._cache.set(name, value, timeout)

    def delete(self, name: str) -> None:
        self.delete_many((name,))

    def delete_many(self, names: Iterable[str]) -> None:
        for name in names:
            if name.startswith(GENERATION):
                self._generations.pop(name, None)
            else:
                self._cache.delete(name)

    def _read(self, name: str) -> bytes | None:
        """Do what ``LocMemCache.get`` does, with the lock held, and leave the value pickled.

        Its own takes several times as long, most of it for the name.
        """
        cache, key = self._cache, self._keys.get(name)
        if key is None:
            if len(self._keys) >= MOST_KEYS:
                self._keys = {}
            key = self._keys[name] = cache.make_and_validate_key(name)
        kept = cache._cache
        value: bytes | None = kept.get(key)
        if value is None:
            return None
        expires = cache._expire_info.get(key, -1)
        if expires is not None and expires <= time.time():
            cache._delete(key)
            return None
        kept.move_to_end(key, last=False)
        return value

    def _unpickle(self, name: str, kept: bytes) -> Entry | None:
        """Return the entry in ``kept``, and remember it if it is small."""
        entry = read_entry(pickle.loads(kept))  # noqa: S301 - this process wrote it
        if entry is not None and len(kept) <= LARGEST_UNPICKLED:
            if len(self._unpickled) >= MOST_UNPICKLED:
                self._unpickled = {}
            self._unpickled[name] = (kept, entry)
        return entry

    def _begin(self) -> None:
        """Start without generations, because the cache has lost everything."""
        cache = self._cache
        with self._lock:
            cache.add(LIFE, secrets.randbits(62) + 1, None)
            with cache._lock:
                life = self._read(LIFE)
            if life != self._life:
                self._generations = {}
                self._life = life
