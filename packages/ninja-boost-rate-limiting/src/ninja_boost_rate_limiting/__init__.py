"""Rate limits for Django Ninja: GCRA in memory, in Django's cache or in Redis"""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .backends.base import Backend as Backend
    from .backends.base import BackendError as BackendError
    from .backends.cache import CacheBackend as CacheBackend
    from .backends.memory import InMemoryBackend as InMemoryBackend
    from .backends.redis import RedisBackend as RedisBackend
    from .decorators import rate_limit as rate_limit
    from .guard import _reset_backend as _reset_backend
    from .guard import statistics as statistics
    from .limiter import RateLimiter as RateLimiter

_HOMES = {
    "Backend": "ninja_boost_rate_limiting.backends.base",
    "BackendError": "ninja_boost_rate_limiting.backends.base",
    "CacheBackend": "ninja_boost_rate_limiting.backends.cache",
    "InMemoryBackend": "ninja_boost_rate_limiting.backends.memory",
    "RateLimiter": "ninja_boost_rate_limiting.limiter",
    "RedisBackend": "ninja_boost_rate_limiting.backends.redis",
    "_reset_backend": "ninja_boost_rate_limiting.guard",
    "rate_limit": "ninja_boost_rate_limiting.decorators",
    "statistics": "ninja_boost_rate_limiting.guard",
}

__all__ = [
    "Backend",
    "BackendError",
    "CacheBackend",
    "InMemoryBackend",
    "RateLimiter",
    "RedisBackend",
    "rate_limit",
    "statistics",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
