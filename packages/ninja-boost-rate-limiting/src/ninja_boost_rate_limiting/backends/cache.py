"""Counts in Django's cache, with nothing but its atomic operations."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Self

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import InvalidCacheBackendError, caches
from django.core.cache.backends.base import BaseCache

from ninja_boost_core.problems import Misconfigured
from ninja_boost_rate_limiting.gcra import NANOSECONDS, Decision, Quota

from .base import Backend, BackendError, Bucket, digest

if TYPE_CHECKING:
    from ninja_boost_rate_limiting.settings import RateLimitOptions

__all__ = ["CacheBackend"]

PARTS = 4
"""Windows into which the time that an empty bucket takes to fill is divided."""

SHORTEST = NANOSECONDS // 20
"""A window is at least this long, in ns: some trips to the cache must fit into it."""

ATTEMPTS = 5


class CacheBackend(Backend):
    """Counts in one of Django's caches, for all processes that share it.

    A cache cannot compare and set, so it cannot move a theoretical arrival time. It can count:
    here it counts the units admitted in each of a row of short windows. If all that a window
    admitted is taken to have come at its very end, the theoretical arrival time at the begin of
    the next one follows, and is never too early; with it ``gcra.decide`` decides. So the bound
    of ``gcra`` holds here too. What is lost is at most a window, a quarter of the time in which
    the bucket fills, and only to a client that had been idle. With a burst of 1 that is every
    time: ``"1/minute"`` admits one in 75 seconds. A window has 50 ms at least, so a burst that
    comes back in less than 200 ms loses more.

    A unit counts from the moment when the cache has added it to its window, provided that the
    window is not over by then; otherwise it is taken back and asked for again.

    Async code runs the sync method in Django's thread: the cache's own ``aincr`` is a get and
    a set in Django 5.2, which two clients can do at once.

    It needs: a cache whose ``incr`` is atomic (Redis, Memcached; locmem counts per process), one
    server rather than replicas, an eviction policy that leaves its keys alone, clocks of the
    hosts that agree, and timeouts in the cache's own OPTIONS.

    Args:
        alias: the cache, as in CACHES.
        clock: nanoseconds, the same on every host.
    """

    _namespace: ClassVar[str] = ""

    def __init__(self, alias: str = "default", *, clock: Callable[[], int] = time.time_ns) -> None:
        try:
            cache = caches[alias]
        except InvalidCacheBackendError as error:
            raise Misconfigured(
                f"NINJA_BOOST: RATE_LIMIT.CACHE is {alias!r}, which does not work: {error}",
                f"Set RATE_LIMIT.CACHE to one of CACHES: {', '.join(map(repr, settings.CACHES))}.",
            ) from error
        if type(cache).incr is BaseCache.incr:
            raise Misconfigured(
                f"NINJA_BOOST: RATE_LIMIT.CACHE is {alias!r}, a {type(cache).__name__}, whose "
                "incr() is a get and a set: two requests at once would count as one.",
                "Set RATE_LIMIT.CACHE to a Redis or Memcached cache, or RATE_LIMIT.BACKEND to "
                "'ninja_boost_rate_limiting.InMemoryBackend' or "
                "'ninja_boost_rate_limiting.RedisBackend'.",
            )
        self.alias = alias
        self._clock = clock

    @classmethod
    def from_settings(cls, options: RateLimitOptions) -> Self:
        return cls(options.CACHE)

    def hit(self, bucket: Bucket, client: str, cost: int = 1) -> Decision:
        try:
            return self._hit(caches[self.alias], bucket, client, cost)
        except BackendError:
            raise
        except Exception as error:
            # Each cache has client errors of its own.
            raise BackendError(
                f"The cache {self.alias!r} failed: {type(error).__name__}: {error}"
            ) from error

    async def ahit(self, bucket: Bucket, client: str, cost: int = 1) -> Decision:
        return await sync_to_async(self.hit)(bucket, client, cost)

    def check(self) -> None:
        self.hit(Bucket.named("check", Quota(1, 1, 1)), "check")

    def clear(self) -> None:
        """Start to count afresh in this process; Django has no deletion by prefix."""
        CacheBackend._namespace = secrets.token_hex(8)

    def _hit(self, cache: BaseCache, bucket: Bucket, client: str, cost: int) -> Decision:
        quota = bucket.quota
        name = f"ninja_boost.rate_limit:{self._namespace}{digest(bucket, client)}"
        windows = _Windows(name, quota)
        for _ in range(ATTEMPTS):
            now = self._clock() * quota.count
            window = now // windows.length
            found = cache.get_many(windows.keys(window))
            tat = windows.tat(window, found)
            units = found.get(windows.count_key(window), 0)
            decision = windows.decide(window, tat, units, now, cost)
            if not decision.allowed or not cost:
                return decision
            begin_key = windows.begin_key(window)
            if begin_key not in found:
                begin = max(0, tat - window * windows.length)
                if not cache.add(begin_key, begin, windows.lifetime):
                    # Somebody else began the window; what he saw counts.
                    continue
            units = _add(cache, windows.count_key(window), cost, windows.lifetime) - cost
            decision = windows.decide(window, tat, units, now, cost)
            in_time = self._clock() * quota.count // windows.length == window
            if decision.allowed and in_time:
                return decision
            # Until this has happened, others see too much: that refuses, it never admits.
            cache.decr(windows.count_key(window), cost)
            if not decision.allowed:
                return decision
        raise BackendError(
            f"The cache {self.alias!r} is too slow for this limit: it does not count within "
            f"{windows.length // quota.count // 1_000_000} ms."
        )


class _Windows:
    """The windows in which a client is counted; times are in the quota's ticks.

    Each has two keys: the units admitted in it, and how far the theoretical arrival time was
    ahead of its begin. The latter follows from the window before, which by then is over, and
    is written once, before anything is counted.
    """

    def __init__(self, name: str, quota: Quota) -> None:
        self.name = name
        self.quota = quota
        self.length = max(-(-quota.tolerance // PARTS), SHORTEST * quota.count)
        # What was admitted earlier than that is forgiven by now.
        self.past = -(-quota.tolerance // self.length)
        self.lifetime = quota.seconds((self.past + 1) * self.length) + 5

    def count_key(self, window: int) -> str:
        return f"{self.name}:{window}"

    def begin_key(self, window: int) -> str:
        return f"{self.name}:{window}:begin"

    def keys(self, window: int) -> list[str]:
        """Return every key that says something about this window."""
        return [
            key
            for index in range(window - self.past, window + 1)
            for key in (self.begin_key(index), self.count_key(index))
        ]

    def tat(self, window: int, found: dict[str, int]) -> int:
        """Return the theoretical arrival time at the begin of a window, or 0 if it has passed."""
        begin = found.get(self.begin_key(window))
        if begin is not None:
            return window * self.length + begin
        for index in range(window - 1, window - self.past - 1, -1):
            begin = found.get(self.begin_key(index))
            if begin is None:
                continue
            tat = index * self.length + begin
            if units := found.get(self.count_key(index)):
                tat = self._after(index, tat, units)
            return tat
        return 0

    def decide(self, window: int, tat: int, units: int, now: int, cost: int) -> Decision:
        """Decide inside a window in which ``units`` were admitted; ``tat`` is as it began."""
        quota = self.quota
        decision = quota.decide(max(tat, now) + units * quota.interval, now, cost)
        taken = units + cost if decision.allowed else units
        if taken:
            decision.reset = self._after(window, tat, taken) - now
        end = (window + 1) * self.length
        admitted_at = now + decision.retry_after
        if units and not decision.allowed and (admitted_at > tat or admitted_at >= end):
            # To wait inside this window does not help, and the next one begins stricter.
            again = self._after(window, tat, units) + cost * quota.interval - quota.tolerance
            decision.retry_after = max(end, again) - now
        return decision

    def _after(self, window: int, tat: int, units: int) -> int:
        """Return the theoretical arrival time after a window, as if all had come at its end."""
        return max(tat, (window + 1) * self.length) + units * self.quota.interval


def _add(cache: BaseCache, key: str, units: int, lifetime: int) -> int:
    """Add ``units`` to a counter that may not exist, and return its value."""
    for _ in range(ATTEMPTS):
        if cache.add(key, units, lifetime):
            return units
        try:
            return cache.incr(key, units)
        except ValueError:
            # It has been evicted in between.
            continue
    raise BackendError("The cache loses what is added to it.")
