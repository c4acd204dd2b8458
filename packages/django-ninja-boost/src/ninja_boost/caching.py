"""A response cache: tags, ETags, one computation for a miss."""

from ninja_boost_caching import (
    CacheManager,
    cache_manager,
    cache_response,
    if_match,
    statistics,
)

__all__ = [
    "CacheManager",
    "cache_manager",
    "cache_response",
    "if_match",
    "statistics",
]
