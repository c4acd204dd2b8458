"""Generations of a cache that is in this process anyway."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable
from typing import Any

from django.core.cache import caches

from .keys import GENERATION, PREFIX

__all__ = ["InProcess"]

MOST_GENERATIONS = 100_000

LIFE = f"{PREFIX}life"
"""A key that goes when the cache is cleared; the generations go with it."""


class InProcess:
    """A locmem cache whose generations are in a dictionary, which is quicker to ask.

    Of a Django cache it has the methods that ``storage`` calls.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._generations: dict[str, int] = {}
        self._life: int | None = None
        self._lock = threading.Lock()

    def get_many(self, names: Iterable[str]) -> dict[str, Any]:
        cache = caches[self.alias]
        life = cache.get(LIFE)
        if life is None or life != self._life:
            self._begin(cache)
        generations = self._generations
        found = {}
        for name in names:
            value = generations.get(name) if name.startswith(GENERATION) else cache.get(name)
            if value is not None:
                found[name] = value
        return found

    def get(self, name: str) -> Any:
        return self.get_many((name,)).get(name)

    def add(self, name: str, value: int, timeout: float) -> bool:
        if not name.startswith(GENERATION):
            return bool(caches[self.alias].add(name, value, timeout))
        if len(self._generations) >= MOST_GENERATIONS:
            # No answer that there is counts any more, and none comes back.
            self._generations = {}
        return self._generations.setdefault(name, value) == value

    def set(self, name: str, value: Any, timeout: float) -> None:
        caches[self.alias].set(name, value, timeout)

    def delete(self, name: str) -> None:
        self.delete_many((name,))

    def delete_many(self, names: Iterable[str]) -> None:
        for name in names:
            if name.startswith(GENERATION):
                self._generations.pop(name, None)
            else:
                caches[self.alias].delete(name)

    def _begin(self, cache: Any) -> None:
        """Start without generations, because the cache has lost everything."""
        with self._lock:
            cache.add(LIFE, secrets.randbits(62) + 1, None)
            life = cache.get(LIFE)
            if life != self._life:
                self._generations = {}
                self._life = life
