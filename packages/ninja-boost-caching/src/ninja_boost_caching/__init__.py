"""A response cache for Django Ninja."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from ._statistics import statistics as statistics
    from .decorators import cache_response as cache_response
    from .decorators import if_match as if_match
    from .manager import CacheManager as CacheManager
    from .manager import cache_manager as cache_manager

_HOMES = {
    "CacheManager": "ninja_boost_caching.manager",
    "cache_manager": "ninja_boost_caching.manager",
    "cache_response": "ninja_boost_caching.decorators",
    "if_match": "ninja_boost_caching.decorators",
    "statistics": "ninja_boost_caching._statistics",
}

__all__ = [
    "CacheManager",
    "cache_manager",
    "cache_response",
    "if_match",
    "statistics",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
