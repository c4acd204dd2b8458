"""Keeps keys in Redis or Valkey, on the server's clock."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncGenerator, Awaitable
from typing import TYPE_CHECKING, Any, Self, cast
from weakref import WeakKeyDictionary

from ninja_boost_core.problems import Misconfigured

from .base import Attempt, MissingDependency, Record, Store, StoreError

if TYPE_CHECKING:
    from ninja_boost_idempotency.settings import IdempotencyOptions

__all__ = ["RedisStore"]

PREFIX = "ninja_boost:idempotency:"


class _Script:
    def __init__(self, source: str) -> None:
        self.source = source
        self.sha: str = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


CLAIM = _Script("""
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 'fingerprint', 'result', 'until')
if kept[1] and (kept[2] or tonumber(kept[3]) > now) then
  return {kept[1], kept[2]}
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'fingerprint', ARGV[2],
  'until', string.format('%.0f', now + tonumber(ARGV[3])))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return false
""")
COMPLETE = _Script("""
local kept = redis.call('HMGET', KEYS[1], 'token', 'result')
if kept[1] ~= ARGV[1] or kept[2] then return 0 end
redis.call('HSET', KEYS[1], 'result', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
""")
RELEASE = _Script("""
local kept = redis.call('HMGET', KEYS[1], 'token', 'result')
if kept[1] ~= ARGV[1] or kept[2] then return 0 end
return redis.call('DEL', KEYS[1])
""")


class RedisStore(Store):
    """Keeps keys and results in Redis 5 or later, for all processes that use it.

    Each operation is one script, with the server's clock, so the hosts' clocks do not matter.
    The key is hashed to one slot, so it works in a cluster's client, too.

    Redis must not evict (``maxmemory-policy noeviction``), and what it forgets in a crash or a
    failover is forgotten: set ``appendonly`` as the operations deserve.

    Connecting and each answer take at most ``timeout`` seconds; an async operation takes that
    long altogether. Nothing is retried.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``, as redis-py takes it.
        timeout: seconds.
        options: more keywords for redis-py's clients, such as ``ssl_ca_certs``.

    Raises:
        MissingDependency: if redis-py is not installed.
    """

    def __init__(self, url: str, *, timeout: float = 0.5, **options: Any) -> None:
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
                "RedisStore: redis-py cannot read the URL.",
                "Set IDEMPOTENCY.REDIS_URL to one such as 'redis://host:6379/0'.",
            ) from None
        self.timeout = timeout
        self._errors = (redis.RedisError, OSError)
        self._no_script = redis.exceptions.NoScriptError
        common = {
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "protocol": 2,
            **options,
        }
        self._client: Any = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **common)
        self._make: Any = lambda: redis.asyncio.Redis.from_url(
            url, retry=AsyncRetry(NoBackoff(), 0), **common
        )
        # A connection belongs to the event loop that opened it.
        self._clients: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[Any, AsyncGenerator[None, None]]
        ] = WeakKeyDictionary()
        self._lock = threading.Lock()

    @classmethod
    def from_settings(cls, options: IdempotencyOptions) -> Self:
        if options.REDIS_URL is None:
            raise Misconfigured(
                "NINJA_BOOST: IDEMPOTENCY.BACKEND is RedisStore, which needs a URL.",
                "Set IDEMPOTENCY.REDIS_URL to one such as 'redis://host:6379/0'.",
            )
        return cls(options.REDIS_URL.get_secret_value(), timeout=options.TIMEOUT)

    def claim(self, name: str, attempt: Attempt) -> Record | None:
        return _record(self._run(CLAIM, name, *_claiming(attempt)))

    async def aclaim(self, name: str, attempt: Attempt) -> Record | None:
        return _record(await self._arun(CLAIM, name, *_claiming(attempt)))

    def complete(self, name: str, attempt: Attempt, result: bytes) -> bool:
        return bool(self._run(COMPLETE, name, attempt.token, result, _ms(attempt.ttl)))

    async def acomplete(self, name: str, attempt: Attempt, result: bytes) -> bool:
        return bool(await self._arun(COMPLETE, name, attempt.token, result, _ms(attempt.ttl)))

    def release(self, name: str, attempt: Attempt) -> bool:
        return bool(self._run(RELEASE, name, attempt.token))

    async def arelease(self, name: str, attempt: Attempt) -> bool:
        return bool(await self._arun(RELEASE, name, attempt.token))

    def check(self) -> None:
        try:
            self._client.ping()
        except self._errors as error:
            raise _failure(error) from error

    def _run(self, script: _Script, name: str, *arguments: str | bytes | int) -> Any:
        key = _key(name)
        try:
            try:
                return self._client.evalsha(script.sha, 1, key, *arguments)
            except self._no_script:
                return self._client.eval(script.source, 1, key, *arguments)
        except self._errors as error:
            raise _failure(error) from error

    async def _arun(self, script: _Script, name: str, *arguments: str | bytes | int) -> Any:
        key = _key(name)
        try:
            async with asyncio.timeout(self.timeout):
                client = await self._async_client()
                try:
                    return await client.evalsha(script.sha, 1, key, *arguments)
                except self._no_script:
                    return await client.eval(script.source, 1, key, *arguments)
        except self._errors as error:
            raise _failure(error) from error

    async def _async_client(self) -> Any:
        loop = asyncio.get_running_loop()
        with self._lock:
            found = self._clients.get(loop)
            if found is None:
                client = self._make()
                found = self._clients[loop] = (client, _close_with_loop(client))
                fresh = found[1]
            else:
                return found[0]
        await anext(fresh)
        return found[0]


async def _close_with_loop(client: Any) -> AsyncGenerator[None, None]:
    """Close the client when its event loop ends, which may be with the request under WSGI.

    A loop closes what async generators it has before it ends itself; whoever runs loops
    (asyncio, asgiref, uvicorn, pytest) has it do so.
    """
    try:
        yield
    finally:
        await cast(Awaitable[None], client.aclose())


def _key(name: str) -> str:
    return f"{PREFIX}{{{name}}}"


def _claiming(attempt: Attempt) -> tuple[str | int, ...]:
    lease = _ms(attempt.lease)
    return attempt.token, attempt.fingerprint, lease, lease + _ms(attempt.ttl)


def _ms(duration: float) -> int:
    return max(1, round(duration * 1000))


def _record(answer: Any) -> Record | None:
    if answer is None:
        return None
    fingerprint, result = answer
    return Record(fingerprint.decode(), result)


def _failure(error: Exception) -> StoreError:
    return StoreError(f"Redis failed: {type(error).__name__}: {error}")
