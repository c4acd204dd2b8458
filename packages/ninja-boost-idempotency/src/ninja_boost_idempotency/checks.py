"""System checks."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver

from ninja_boost_core.problems import as_error

from .hooks import DefaultIdempotencyHook, hooks_in_use
from .middleware import covers_all
from .settings import current_options
from .stores.base import Store
from .stores.cache import CacheStore
from .stores.current import configured_store

__all__ = ["check_deployment", "check_stores"]


def check_stores() -> Iterator[checks.CheckMessage]:
    """E001: the store that BACKEND names cannot be made.

    That of an operation is reported with the operation, by core.
    """
    if "BACKEND" not in current_options().model_fields_set:
        return  # nobody may need it
    try:
        configured_store()
    except ImproperlyConfigured as error:
        yield as_error(error, "ninja_boost_idempotency.E001")


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W001: each process has keys of its own. W002: a cache without timeouts.

    W003: failures of the store let requests through.
    """
    stores = _stores()
    for alias in sorted({store.alias for store in stores if isinstance(store, CacheStore)}):
        if isinstance(caches[alias], LocMemCache):
            yield checks.Warning(
                f"The cache {alias!r} keeps idempotency keys in the memory of one process: a "
                "retry that another process gets runs again. It also forgets keys when it has "
                "MAX_ENTRIES of them, 300 by default.",
                hint="Set NINJA_BOOST['IDEMPOTENCY']['BACKEND'], or store= where it is given, to a "
                "Redis or Memcached cache, 'ninja_boost_idempotency.RedisStore' or "
                "'ninja_boost_idempotency.DatabaseStore'.",
                id="ninja_boost_idempotency.W001",
            )
            continue
        config = settings.CACHES[alias]
        if config["BACKEND"].endswith(".RedisCache") and not any(
            "TIMEOUT" in name.upper() for name in config.get("OPTIONS", {})
        ):
            yield checks.Warning(
                f"The cache {alias!r} keeps idempotency keys and has no timeouts: a server that "
                "does not answer holds up each request.",
                hint=f"Set CACHES[{alias!r}]['OPTIONS'] to "
                "{'socket_timeout': 0.5, 'socket_connect_timeout': 0.5}.",
                id="ninja_boost_idempotency.W002",
            )
    if stores and current_options().ON_ERROR == "open":
        yield checks.Warning(
            "NINJA_BOOST: IDEMPOTENCY.ON_ERROR is 'open': while the store fails, a retry runs "
            "again.",
            hint="Remove ON_ERROR, so that such requests get a 503.",
            id="ninja_boost_idempotency.W003",
        )


def _stores() -> list[Store]:
    """Return the stores that operations use."""
    if getattr(settings, "ROOT_URLCONF", None):
        # The operations exist once the URLs have been imported.
        _ = get_resolver().url_patterns
    found: list[Store] = []
    for hook in hooks_in_use():
        if isinstance(hook, DefaultIdempotencyHook) and not covers_all():
            continue
        try:
            store = hook.options.policy().store
        except ImproperlyConfigured:
            continue  # check_stores and core's check of operations report it
        if store not in found:
            found.append(store)
    return found
