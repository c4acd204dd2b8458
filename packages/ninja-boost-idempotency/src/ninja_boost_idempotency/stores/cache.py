"""Keeps keys in one of Django's caches."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import InvalidCacheBackendError, caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache

from ninja_boost_core.problems import Misconfigured

from .base import Attempt, Record, Store, StoreError

__all__ = ["CacheStore"]

T = TypeVar("T")

PREFIX = "ninja_boost.idempotency:"
LAPSED = b"lapsed"
RELEASED = b"released"
RESULT = b"result\n"
MOST_ATTEMPTS = 1000


class _Slot(NamedTuple):
    token: str
    fingerprint: str
    until: float


class CacheStore(Store):
    """Keeps keys and results in a cache that all processes share.

    A Django cache cannot compare and set, so nothing here is ever changed once it is written.
    The attempts for a key have numbered slots, and each attempt has one cell for how it ended,
    named after its token. Slots and cells are written with ``add()`` alone, which is atomic
    and of which the first wins. The holder writes its result or its release into its cell; who
    finds the lease over writes that it has lapsed. So an attempt either has a result or has
    lost its key, for everybody and for ever; and only when it has lost it is the next slot free.

    It needs: a cache whose ``add()`` is atomic (Redis, Memcached; locmem for one process), one
    server rather than replicas, an eviction policy that leaves its keys alone, clocks of the
    hosts that agree to much less than the lease, and timeouts in the cache's own OPTIONS.

    Args:
        alias: the cache, as in CACHES.

    Raises:
        ImproperlyConfigured: there is no such cache, or its ``add()`` is not atomic.
    """

    def __init__(self, alias: str = "default") -> None:
        try:
            cache = caches[alias]
        except InvalidCacheBackendError as error:
            raise Misconfigured(
                f"NINJA_BOOST: IDEMPOTENCY.BACKEND is {alias!r}, which is no cache that works: "
                f"{error}",
                f"Give one of CACHES: {', '.join(map(repr, settings.CACHES))}.",
            ) from error
        if type(cache).add is BaseCache.add or isinstance(
            cache, DummyCache | FileBasedCache | DatabaseCache
        ):
            raise Misconfigured(
                f"NINJA_BOOST: IDEMPOTENCY.BACKEND is {alias!r}, a {type(cache).__name__}, which "
                "cannot keep a key safely.",
                "Give a Redis, Memcached or (for one process) locmem cache, or "
                "'ninja_boost_idempotency.DatabaseStore'.",
            )
        self.alias = alias
        self._blocks = not isinstance(cache, LocMemCache)

    def claim(self, name: str, attempt: Attempt) -> Record | None:
        return self._guarded(self._claim, name, attempt)

    async def aclaim(self, name: str, attempt: Attempt) -> Record | None:
        return await self._aguarded(self._claim, name, attempt)

    def complete(self, name: str, attempt: Attempt, result: bytes) -> bool:
        return self._guarded(self._end, name, attempt, RESULT + result)

    async def acomplete(self, name: str, attempt: Attempt, result: bytes) -> bool:
        return await self._aguarded(self._end, name, attempt, RESULT + result)

    def release(self, name: str, attempt: Attempt) -> bool:
        return self._guarded(self._end, name, attempt, RELEASED)

    async def arelease(self, name: str, attempt: Attempt) -> bool:
        return await self._aguarded(self._end, name, attempt, RELEASED)

    def check(self) -> None:
        self._guarded(lambda cache: cache.get(f"{PREFIX}check"))

    def _claim(self, cache: BaseCache, name: str, attempt: Attempt) -> Record | None:
        latest = f"{PREFIX}{name}"
        lifetime = _lifetime(attempt)
        # Every slot before this one has lost its key. It is written before its slot and outlives
        # it, so that no slot is taken for free because an older one has expired.
        found = cache.get_many([latest, f"{latest}:1"])
        first = found.get(latest, 1)
        for number in range(first, first + MOST_ATTEMPTS):
            slot = f"{latest}:{number}"
            kept = found.get(slot)
            if kept is None:
                if number > first:
                    cache.set(latest, number, 2 * lifetime)
                mine = (attempt.token, attempt.fingerprint, time.time() + attempt.lease)
                if cache.add(slot, mine, lifetime):
                    return None
                kept = cache.get(slot)
            if kept is None:
                return Record(None, None)
            holder = _Slot(*kept)
            ending = self._ending(cache, name, holder, lifetime)
            if ending is None:
                return Record(holder.fingerprint, None)
            if ending.startswith(RESULT):
                return Record(holder.fingerprint, ending.removeprefix(RESULT))
        raise StoreError(f"{MOST_ATTEMPTS} attempts at one key have failed.")

    def _ending(self, cache: BaseCache, name: str, holder: _Slot, lifetime: int) -> bytes | None:
        """Return how the holder ended, now that it may have lapsed; None if it still runs."""
        cell = _cell(name, holder.token)
        ending: bytes | None = cache.get(cell)
        if ending is None and holder.until <= time.time():
            ending = LAPSED if cache.add(cell, LAPSED, lifetime) else cache.get(cell)
        return ending

    def _end(self, cache: BaseCache, name: str, attempt: Attempt, ending: bytes) -> bool:
        return bool(cache.add(_cell(name, attempt.token), ending, _lifetime(attempt)))

    def _guarded(self, function: Callable[..., T], *arguments: Any) -> T:
        try:
            return function(caches[self.alias], *arguments)
        except StoreError:
            raise
        except Exception as error:
            # Each cache has client errors of its own.
            raise StoreError(
                f"The cache {self.alias!r} failed: {type(error).__name__}: {error}"
            ) from error

    async def _aguarded(self, function: Callable[..., T], *arguments: Any) -> T:
        # One trip to the thread for all calls; the cache's own async methods make one each.
        if self._blocks:
            return await sync_to_async(self._guarded)(function, *arguments)
        return self._guarded(function, *arguments)


def _cell(name: str, token: str) -> str:
    return f"{PREFIX}{name}:{token}"


def _lifetime(attempt: Attempt) -> int:
    return math.ceil(attempt.ttl + attempt.lease)
