"""Counts in Redis or Valkey, on the server's clock."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Final, Self

from ninja_boost_core.problems import Misconfigured
from ninja_boost_rate_limiting.gcra import Decision, Quota

from .base import Backend, BackendError, Bucket, MissingDependency, digest

if TYPE_CHECKING:
    from ninja_boost_rate_limiting.settings import RateLimitOptions

__all__ = ["RedisBackend"]

# What gcra.decide does. Redis reckons in doubles, so a time is kept as whole microseconds and
# a numerator over the count: all of them stay below 2**53, and nothing is rounded.
SCRIPT: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local count, whole, part = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local burst, cost = tonumber(ARGV[4]), tonumber(ARGV[5])

local tat, rest = now, 0
local kept = redis.call('GET', KEYS[1])
if kept then
  local kept_tat, kept_rest = string.match(kept, '^(%d+):(%d+)$')
  kept_tat = tonumber(kept_tat)
  if kept_tat >= now then
    tat, rest = kept_tat, tonumber(kept_rest)
  end
end

local moved_rest = rest + cost * part
local carry = math.floor(moved_rest / count)
local moved = tat + cost * whole + carry
moved_rest = moved_rest - carry * count

local room_rest = burst * part
carry = math.floor(room_rest / count)
local room = now + burst * whole + carry
room_rest = room_rest - carry * count

if moved < room or (moved == room and moved_rest <= room_rest) then
  if cost > 0 then
    local value = string.format('%.0f:%.0f', moved, moved_rest)
    redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', (moved - now) / 1000 + 1))
  end
end
return {tat - now, rest}
"""
SHA: Final = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
PREFIX: Final = "ninja_boost:rate_limit:"
MICROSECONDS = 1_000_000


class RedisBackend(Backend):
    """Counts in Redis 5 or later, for all processes that use it.

    One call of one script for each hit, with the server's clock, so the hosts' clocks do not
    matter. The key is hashed to one slot, so it works in a cluster.

    Connecting and each answer take at most ``timeout`` seconds; an async hit takes that long
    altogether. Nothing is retried: the caller's ``on_error`` decides.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``, as redis-py takes it.
        timeout: seconds.
        cluster: whether it is a cluster.
        options: more keywords for redis-py's clients, such as ``ssl_ca_certs``.

    Raises:
        MissingDependency: if redis-py is not installed.
    """

    def __init__(
        self, url: str, *, timeout: float = 0.25, cluster: bool = False, **options: Any
    ) -> None:
        try:
            import redis
            import redis.asyncio
            from redis.asyncio.retry import Retry as AsyncRetry
            from redis.backoff import NoBackoff
            from redis.connection import parse_url
            from redis.retry import Retry
        except ImportError as error:
            raise MissingDependency("pip install 'redis>=5.0.1'") from error
        try:
            parse_url(url)  # type: ignore[no-untyped-call]
        except ValueError:
            # The error's text may quote the URL, and with it a password.
            raise Misconfigured(
                "RedisBackend: redis-py cannot read the URL.",
                "Set RATE_LIMIT.REDIS_URL to one such as 'redis://host:6379/0'.",
            ) from None
        self.timeout = timeout
        self._url = url
        self._errors = (redis.RedisError, redis.exceptions.RedisClusterException, OSError)
        self._no_script = redis.exceptions.NoScriptError
        self._options = {
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "protocol": 2,
            **options,
        }
        self._classes: tuple[Any, Any] = (redis.Redis, redis.asyncio.Redis)
        if cluster:
            self._classes = (redis.RedisCluster, redis.asyncio.RedisCluster)
        self._retries = (Retry(NoBackoff(), 0), AsyncRetry(NoBackoff(), 0))
        self._lock = threading.Lock()
        self._client: Any = None
        # A connection belongs to the event loop that opened it.
        self._clients: dict[asyncio.AbstractEventLoop, tuple[Any, AsyncGenerator[None, None]]] = {}

    @classmethod
    def from_settings(cls, options: RateLimitOptions) -> Self:
        if options.REDIS_URL is None:
            raise Misconfigured(
                "NINJA_BOOST: RATE_LIMIT.BACKEND is RedisBackend, which needs a URL.",
                "Set RATE_LIMIT.REDIS_URL to one such as 'redis://host:6379/0'.",
            )
        return cls(
            options.REDIS_URL.get_secret_value(),
            timeout=options.TIMEOUT,
            cluster=options.REDIS_CLUSTER,
        )

    def hit(self, bucket: Bucket, client: str, cost: int = 1) -> Decision:
        key, arguments = _call(bucket, client, cost)
        try:
            redis = self._sync_client()
            try:
                answer = redis.evalsha(SHA, 1, key, *arguments)
            except self._no_script:
                answer = redis.eval(SCRIPT, 1, key, *arguments)
        except self._errors as error:
            raise _failure(error) from error
        return _decision(bucket.quota, answer, cost)

    async def ahit(self, bucket: Bucket, client: str, cost: int = 1) -> Decision:
        key, arguments = _call(bucket, client, cost)
        try:
            async with asyncio.timeout(self.timeout):
                redis = await self._async_client()
                try:
                    answer = await redis.evalsha(SHA, 1, key, *arguments)
                except self._no_script:
                    answer = await redis.eval(SCRIPT, 1, key, *arguments)
        except self._errors as error:
            raise _failure(error) from error
        return _decision(bucket.quota, answer, cost)

    def check(self) -> None:
        try:
            self._sync_client().ping()
        except self._errors as error:
            raise _failure(error) from error

    def clear(self) -> None:
        redis = self._sync_client()
        for key in redis.scan_iter(match=f"{PREFIX}*", count=1000):
            redis.unlink(key)

    def _sync_client(self) -> Any:
        if self._client is None:
            with self._lock:
                # A cluster's client connects when it is made.
                if self._client is None:
                    self._client = self._make(0)
        return self._client

    async def _async_client(self) -> Any:
        loop = asyncio.get_running_loop()
        found = self._clients.get(loop)
        if found is None:
            for other in list(self._clients):
                if other.is_closed():
                    # Nobody told its client; see below.
                    self._clients.pop(other, None)
            client = self._make(1)
            found = self._clients[loop] = (client, self._close_with(loop, client))
            await anext(found[1])
        return found[0]

    async def _close_with(
        self, loop: asyncio.AbstractEventLoop, client: Any
    ) -> AsyncGenerator[None, None]:
        """Close the client when its event loop ends, which under WSGI is with the request.

        Whoever runs a loop (asyncio, asgiref, uvicorn, pytest) has it close the asynchronous
        generators that it knows, before it ends. This is one of them.
        """
        try:
            yield
        finally:
            self._clients.pop(loop, None)
            await client.aclose()

    def _make(self, which: int) -> Any:
        return self._classes[which].from_url(self._url, retry=self._retries[which], **self._options)


def _call(bucket: Bucket, client: str, cost: int) -> tuple[str, tuple[int, ...]]:
    quota = bucket.quota
    whole, part = divmod(quota.period * MICROSECONDS, quota.count)
    # The braces make the digest alone decide on the slot of a cluster.
    key = f"{PREFIX}{{{digest(bucket, client)}}}"
    return key, (quota.count, whole, part, quota.burst, cost)


def _decision(quota: Quota, answer: Any, cost: int) -> Decision:
    """Decide as the script did; times are relative to the server's clock."""
    ahead, rest = answer
    # The script counts in ticks of 1/count microseconds.
    return quota.decide((int(ahead) * quota.count + int(rest)) * 1000, 0, cost)


def _failure(error: Exception) -> BackendError:
    return BackendError(f"Redis failed: {type(error).__name__}: {error}")
