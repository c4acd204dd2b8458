"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from functools import partial

from ninja_boost_core.pings import (
    Ping,
    PingFailed,
    describe_cache,
    probe_migrations,
    served_hooks,
)

from .hooks import IdempotencyHook
from .settings import current_options
from .stores.base import Attempt, Store
from .stores.cache import CacheStore
from .stores.current import configured_store
from .stores.database import APP, DatabaseStore
from .stores.redis import RedisStore

__all__ = ["find_pings"]


def find_pings() -> Iterator[Ping]:
    """Yield one for each store that operations use, or that BACKEND names."""
    options = current_options()
    stores: list[Store] = []
    if "BACKEND" in options.model_fields_set:
        stores.append(configured_store())
    stores += [hook.options.policy().store for hook in served_hooks(IdempotencyHook)]
    opened = options.ON_ERROR == "open"
    meanwhile = "retries run again" if opened else "requests with a key get a 503"
    # Operations that name one cache have a store each.
    for name, store in {_name(store): store for store in stores}.items():
        yield Ping(
            f"idempotency: {name}",
            partial(_claim, store),
            f"See to the server that keeps the keys; until then {meanwhile} (ON_ERROR).",
        )


def _name(store: Store) -> str:
    place = ""
    if isinstance(store, CacheStore):
        place = f"cache {store.alias}"
    elif isinstance(store, DatabaseStore):
        place = f"database {store.using}"
    elif isinstance(store, RedisStore):
        known = store._client.get_connection_kwargs()
        server = known.get("path") or f"{known.get('host')}:{known.get('port')}"
        place = f"{server}/{known.get('db', 0)}"
    return f"{type(store).__name__} {place}".strip()


def _claim(store: Store) -> str:
    """Claim a key that nobody else has, be refused it the second time, and free it."""
    if isinstance(store, DatabaseStore):
        probe_migrations(APP, store.using)
    name = hashlib.sha256(secrets.token_bytes()).hexdigest()
    first, second = (_attempt() for _ in range(2))
    if store.claim(name, first) is not None or store.claim(name, second) is None:
        raise PingFailed("It does not keep a key for one request alone.")
    if not store.release(name, first):
        raise PingFailed("It has lost a key that was claimed just now.")
    return describe_cache(store.alias) if isinstance(store, CacheStore) else ""


def _attempt() -> Attempt:
    return Attempt(secrets.token_hex(16), "0" * 64, lease=30, ttl=30)
