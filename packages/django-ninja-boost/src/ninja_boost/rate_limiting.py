"""Rate limits."""

from ninja_boost_rate_limiting import (
    Backend,
    BackendError,
    CacheBackend,
    InMemoryBackend,
    RateLimiter,
    RedisBackend,
    _reset_backend,
    rate_limit,
    statistics,
)

__all__ = [
    "Backend",
    "BackendError",
    "CacheBackend",
    "InMemoryBackend",
    "RateLimiter",
    "RedisBackend",
    "_reset_backend",
    "rate_limit",
    "statistics",
]
