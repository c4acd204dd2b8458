"""Counts in this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, Self

from ninja_boost_rate_limiting.gcra import Decision, Quota, decide

from .base import Backend, Bucket, digest

if TYPE_CHECKING:
    from ninja_boost_rate_limiting.settings import RateLimitOptions

__all__ = ["InMemoryBackend"]

SAMPLE = 5
"""Entries that an eviction chooses from."""

SWEEP = 2
"""Entries of a limit that each new client pays for looking at."""


LONGEST = 64
"""Characters of a client that are kept; what is longer may be the client's own choice."""


class _Shard:
    """The clients of one bucket, the one that was looked at longest ago first."""

    __slots__ = ("quota", "tats")

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self.tats: OrderedDict[str, int] = OrderedDict()

    def sweep(self, now: int) -> int:
        """Look at the oldest entries, drop those that say nothing any more, count these."""
        tats, ticks, dropped = self.tats, now * self.quota.count, 0
        for _ in range(min(SWEEP, len(tats))):
            client, tat = tats.popitem(last=False)
            if tat <= ticks:
                dropped += 1
            else:
                tats[client] = tat
        return dropped

    def evict(self) -> None:
        """Drop, of the oldest entries, the client that has used its bucket least."""
        tats = self.tats
        sample = [tats.popitem(last=False) for _ in range(min(SAMPLE, len(tats)))]
        sample.remove(min(sample, key=itemgetter(1)))
        tats.update(sample)


class InMemoryBackend(Backend):
    """Counts for one process; several processes each admit the whole limit.

    It holds at most ``max_keys`` clients. A client whose bucket is full again is dropped first:
    to forget it changes nothing. If none is, the one that used its bucket least goes, and out
    of the buckets of the limit that has most clients. So whoever wants his own refusals
    forgotten must have as many other clients, each as deep in debt as himself, and a flood of
    clients at one limit cannot push out those of another.

    Args:
        max_keys: clients over all limits; one takes about 300 bytes.
        clock: nanoseconds that never go backwards.
    """

    def __init__(
        self, max_keys: int = 100_000, *, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        if max_keys < 1:
            raise ValueError(f"max_keys is {max_keys}; it must be at least 1.")
        self.max_keys = max_keys
        self._clock = clock
        self._lock = threading.Lock()
        self._shards: OrderedDict[str, _Shard] = OrderedDict()
        self._size = 0

    @classmethod
    def from_settings(cls, options: RateLimitOptions) -> Self:
        return cls(options.MAX_KEYS)

    def __len__(self) -> int:
        return self._size

    def hit(self, bucket: Bucket, client: str, cost: int = 1) -> Decision:
        quota = bucket.quota
        if len(client) > LONGEST:
            client = digest(bucket, client)
        with self._lock:
            # Under the lock, so that a client's times come in order.
            now = self._clock()
            shard = self._shards.get(bucket.name)
            tat = 0 if shard is None else shard.tats.get(client, 0)
            decision = decide(tat, now * quota.count, quota.interval, quota.tolerance, cost)
            if decision.allowed and cost:
                if shard is None or not tat:
                    shard = self._make_room(bucket, now)
                    self._size += 1
                shard.tats[client] = decision.tat
        return decision

    async def ahit(self, bucket: Bucket, client: str, cost: int = 1) -> Decision:
        return self.hit(bucket, client, cost)

    def clear(self) -> None:
        with self._lock:
            self._shards.clear()
            self._size = 0

    def _make_room(self, bucket: Bucket, now: int) -> _Shard:
        """Return the bucket's shard, with room for one more client in the whole."""
        # What is of no more use goes away long before the bound is reached.
        shards = self._shards
        own = shards.get(bucket.name)
        if shards:
            name = next(iter(shards))
            shards.move_to_end(name)
            self._sweep(name, now)
            if own is not None and name != bucket.name:
                self._sweep(bucket.name, now)
        if self._size >= self.max_keys:
            name = bucket.name
            if own is None or len(own.tats) * len(shards) <= self.max_keys:
                name = max(shards, key=lambda each: len(shards[each].tats))
            shards[name].evict()
            self._size -= 1
        return shards.setdefault(bucket.name, own or _Shard(bucket.quota))

    def _sweep(self, name: str, now: int) -> None:
        shard = self._shards[name]
        self._size -= shard.sweep(now)
        if not shard.tats:
            del self._shards[name]
