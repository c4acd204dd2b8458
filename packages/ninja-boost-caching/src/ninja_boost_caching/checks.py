"""System checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import checks
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ninja_boost_core.inventory import operations
from ninja_boost_core.problems import as_error

from .backends import current_backend
from .hooks import CacheHook
from .policies import needs_auth

if TYPE_CHECKING:
    from ninja.operation import Operation

__all__ = ["check_deployment", "check_operations"]


def check_operations() -> Iterator[checks.CheckMessage]:
    """E001: ALIAS names no cache.

    W001: an operation that needs authentication has answers which all callers share, and does
    not say so. W002: an operation whose callers nobody knows has key="user".
    """
    try:
        current_backend()
    except ImproperlyConfigured as error:
        yield as_error(error, "ninja_boost_caching.E001")
        return
    for where, operation, hook in _cached():
        key = hook.options.key
        if key is None and needs_auth(operation):
            yield checks.Warning(
                f"{where}: the operation needs authentication, and every caller gets the "
                "same cached answer.",
                hint='Say key="user" if answers differ by caller, or key="shared" if not.',
                id="ninja_boost_caching.W001",
            )
        elif key == "user" and not needs_auth(operation):
            yield checks.Warning(
                f'{where}: key="user" on an operation without authentication: answers are '
                "kept for users that a middleware has logged in alone.",
                hint="Give the operation auth, or take the key away.",
                id="ninja_boost_caching.W002",
            )


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W003: each process has a cache of its own. W004: a cache without timeouts."""
    try:
        alias = current_backend().alias
    except ImproperlyConfigured:
        return  # check_operations reports it
    if next(_cached(), None) is None:
        return
    config = settings.CACHES[alias]
    # Its constructor may need a server that is down.
    if issubclass(import_string(config["BACKEND"]), LocMemCache):
        yield checks.Warning(
            f"The cache {alias!r} is in the memory of one process: an invalidation does not "
            "reach the others, which send old answers until these expire.",
            hint="Set NINJA_BOOST['CACHE']['ALIAS'] to a cache that all processes share.",
            id="ninja_boost_caching.W003",
        )
        return
    if config["BACKEND"].endswith(".RedisCache") and not any(
        "TIMEOUT" in name.upper() for name in config.get("OPTIONS", {})
    ):
        yield checks.Warning(
            f"The cache {alias!r} has no timeouts: a server that does not answer holds up each "
            "request.",
            hint=f"Set CACHES[{alias!r}]['OPTIONS'] to "
            "{'socket_timeout': 0.5, 'socket_connect_timeout': 0.5}.",
            id="ninja_boost_caching.W004",
        )


def _cached() -> Iterator[tuple[str, Operation, CacheHook]]:
    """Yield the operations that the URL configuration serves and that have a cache hook."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return
    for path, operation in operations():
        try:
            hooks = getattr(operation, "hooks", ())
        except ImproperlyConfigured:
            continue  # Core reports it.
        for hook in hooks:
            if isinstance(hook, CacheHook):
                yield f"{'/'.join(operation.methods)} {path}", operation, hook
