"""Idempotency keys."""

from ninja_boost_idempotency import (
    Attempt,
    CacheStore,
    DatabaseStore,
    IdempotencyMiddleware,
    Record,
    RedisStore,
    Store,
    StoreError,
    idempotent,
    statistics,
)

__all__ = [
    "Attempt",
    "CacheStore",
    "DatabaseStore",
    "IdempotencyMiddleware",
    "Record",
    "RedisStore",
    "Store",
    "StoreError",
    "idempotent",
    "statistics",
]
