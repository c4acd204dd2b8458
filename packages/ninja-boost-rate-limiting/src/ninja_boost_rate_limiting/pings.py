"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.pings import Ping, PingFailed, describe_cache, redacted, served_hooks

from .backends.base import Backend, Bucket
from .backends.cache import CacheBackend
from .backends.memory import InMemoryBackend
from .backends.redis import RedisBackend
from .gcra import Quota
from .guard import current_guard, current_options
from .hooks import AddressLimit, IdentityLimit
from .settings import RateLimitSettings

__all__ = ["find_pings"]

_BUCKET = Bucket.named("boost_doctor", Quota(1, 60, 1))


def find_pings() -> Iterator[Ping]:
    """Yield one for the backend, if something is limited or RATE_LIMIT is set."""
    configured = "RATE_LIMIT" in boost_settings.section(RateLimitSettings).model_fields_set
    # DEFAULT, which gives other operations a limit, is a part of RATE_LIMIT.
    if not configured and not any(
        any(served_hooks(kind)) for kind in (AddressLimit, IdentityLimit)
    ):
        return
    options = current_options()
    backend = options.resolve("BACKEND")
    kind = backend if isinstance(backend, type) else type(backend)
    opened = options.ON_ERROR == "open"
    meanwhile = "are admitted without being counted" if opened else "get a 503"
    yield Ping(
        f"rate limits: {kind.__name__}",
        _count,
        f"See to the server that RATE_LIMIT names; until then requests {meanwhile} (ON_ERROR).",
    )


def _count() -> str:
    """Take a unit where there is one, twice, as a client whom nobody else is."""
    backend = current_guard().backend
    client = secrets.token_hex(8)
    first, second = (backend.hit(_BUCKET, client).allowed for _ in range(2))
    if not first or second:
        raise PingFailed("It does not count: a limit of one a minute was not kept.")
    return _where(backend)


def _where(backend: Backend) -> str:
    if isinstance(backend, InMemoryBackend):
        return "each process counts for itself: n processes admit n times the limit"
    if isinstance(backend, CacheBackend):
        return f"cache {backend.alias}: {describe_cache(backend.alias)}"
    return redacted(backend._url) if isinstance(backend, RedisBackend) else ""
