"""From what settings and arguments name to a store."""

from __future__ import annotations

import threading
from typing import Any

from django.conf import settings

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.problems import Misconfigured
from ninja_boost_idempotency.settings import current_options

from .base import Store
from .cache import CacheStore

__all__ = ["configured_store", "store_of"]

_lock = threading.RLock()
_store: Store | None = None


def configured_store() -> Store:
    """Return the store that BACKEND names.

    Raises:
        ImproperlyConfigured: it is none, or cannot be made.
    """
    global _store
    with _lock:
        if _store is None:
            options = current_options()
            alias = options.BACKEND
            is_alias = isinstance(alias, str) and ("." not in alias or alias in settings.CACHES)
            value = str(alias) if is_alias else options.resolve("BACKEND")
            _store = store_of(value, "NINJA_BOOST: IDEMPOTENCY.BACKEND")
        return _store


@boost_settings.on_change
def _forget_store() -> None:
    global _store
    _store = None


_CHOICES = (
    "Give the alias of a cache, a subclass of ninja_boost_idempotency.Store, an instance of one, "
    "or a dotted path to either such as 'ninja_boost_idempotency.DatabaseStore'."
)


def store_of(value: Any, what: str) -> Store:
    """Return the store that ``value`` is or names: an alias, a dotted path, a class, a store.

    Args:
        what: where the value stands, for messages.
    """
    if isinstance(value, str):
        if "." not in value or value in settings.CACHES:
            return CacheStore(value)
        try:
            value = boost_settings.import_path(value)
        except ImportError as error:
            raise Misconfigured(f"{what} cannot be imported: {error}.", _CHOICES) from error
    if isinstance(value, type) and issubclass(value, Store):
        value = value.from_settings(current_options())
    if not isinstance(value, Store):
        raise Misconfigured(f"{what} is {value!r:.80}.", _CHOICES)
    return value
