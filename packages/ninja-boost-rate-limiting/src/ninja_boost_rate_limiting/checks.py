"""System checks."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.problems import as_error

from .backends.cache import CacheBackend
from .backends.memory import InMemoryBackend
from .guard import current_guard

__all__ = ["check_backend", "check_deployment"]


def check_backend() -> Iterator[checks.CheckMessage]:
    """E001: the backend cannot be made."""
    if boost_settings.find_problems(imports=True):
        return  # Core reports these.
    try:
        current_guard()
    except ImproperlyConfigured as error:
        yield as_error(error, "ninja_boost_rate_limiting.E001")


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W001: each process counts for itself. W002: a cache without timeouts."""
    try:
        backend = current_guard().backend
    except ImproperlyConfigured:
        return
    cached = isinstance(backend, CacheBackend)
    if isinstance(backend, InMemoryBackend) or (
        isinstance(backend, CacheBackend) and isinstance(caches[backend.alias], LocMemCache)
    ):
        yield checks.Warning(
            f"NINJA_BOOST: RATE_LIMIT.BACKEND is {type(backend).__name__}"
            f"{' on a cache in memory' if cached else ''}: each process counts for itself, so "
            "n processes admit n times the limit.",
            hint="Set RATE_LIMIT.BACKEND to 'ninja_boost_rate_limiting.RedisBackend', and "
            "RATE_LIMIT.REDIS_URL to your server's. If there is one process only, add "
            "'ninja_boost_rate_limiting.W001' to SILENCED_SYSTEM_CHECKS.",
            id="ninja_boost_rate_limiting.W001",
        )
    elif isinstance(backend, CacheBackend):
        config = settings.CACHES[backend.alias]
        options = config.get("OPTIONS", {})
        if config["BACKEND"].endswith(".RedisCache") and not any(
            "TIMEOUT" in name.upper() for name in options
        ):
            yield checks.Warning(
                f"NINJA_BOOST: RATE_LIMIT.CACHE is {backend.alias!r}, which has no timeouts: "
                "a server that does not answer holds up each request.",
                hint=f"Set CACHES[{backend.alias!r}]['OPTIONS'] to "
                "{'socket_timeout': 0.25, 'socket_connect_timeout': 0.25}.",
                id="ninja_boost_rate_limiting.W002",
            )
