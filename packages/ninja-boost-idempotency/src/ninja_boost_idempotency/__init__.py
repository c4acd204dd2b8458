"""Idempotency keys for Django Ninja: a retried request runs once."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from ._statistics import statistics as statistics
    from .decorators import idempotent as idempotent
    from .middleware import IdempotencyMiddleware as IdempotencyMiddleware
    from .stores.base import Attempt as Attempt
    from .stores.base import Record as Record
    from .stores.base import Store as Store
    from .stores.base import StoreError as StoreError
    from .stores.cache import CacheStore as CacheStore
    from .stores.database import DatabaseStore as DatabaseStore
    from .stores.redis import RedisStore as RedisStore

# The package stands in INSTALLED_APPS when the database store is used.
_HOMES = {
    "Attempt": "ninja_boost_idempotency.stores.base",
    "CacheStore": "ninja_boost_idempotency.stores.cache",
    "DatabaseStore": "ninja_boost_idempotency.stores.database",
    "IdempotencyMiddleware": "ninja_boost_idempotency.middleware",
    "Record": "ninja_boost_idempotency.stores.base",
    "RedisStore": "ninja_boost_idempotency.stores.redis",
    "Store": "ninja_boost_idempotency.stores.base",
    "StoreError": "ninja_boost_idempotency.stores.base",
    "idempotent": "ninja_boost_idempotency.decorators",
    "statistics": "ninja_boost_idempotency._statistics",
}

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

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
