"""System checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver
from ninja import NinjaAPI

from ninja_boost_core.api import AutoAPI

from .backends import current_backend
from .hooks import CacheHook
from .policies import needs_auth

__all__ = ["check_deployment", "check_operations"]


def check_operations() -> Iterator[checks.CheckMessage]:
    """E001: ALIAS names no cache. E002: an operation of a plain NinjaAPI cannot be cached.

    W001: an operation that needs authentication has answers which all callers share, and does
    not say so. W002: an operation whose callers nobody knows has key="user".
    """
    try:
        current_backend()
    except ImproperlyConfigured as error:
        yield checks.Error(
            str(error),
            hint=f"Name one of CACHES: {', '.join(map(repr, settings.CACHES))}.",
            id="ninja_boost_caching.E001",
        )
        return
    for api, path, operation in _operations():
        where = f"{'/'.join(operation.methods)} {path}"
        try:
            hooks = [hook for hook in getattr(operation, "hooks", ()) if _caches(hook)]
        except ImproperlyConfigured as error:
            if not isinstance(api, AutoAPI):  # those core reports
                yield checks.Error(str(error), obj=api.title, id="ninja_boost_caching.E002")
            continue
        for hook in hooks:
            key = hook.options.key
            if key is None and needs_auth(operation):
                yield checks.Warning(
                    f"{where}: the operation needs authentication, and every caller gets the "
                    "same cached answer.",
                    hint='Say key="user" if answers differ by caller, or key="shared" if not.',
                    obj=api.title,
                    id="ninja_boost_caching.W001",
                )
            elif key == "user" and not needs_auth(operation):
                yield checks.Warning(
                    f'{where}: key="user" on an operation without authentication: answers are '
                    "kept for users that a middleware has logged in alone.",
                    hint="Give the operation auth, or take the key away.",
                    obj=api.title,
                    id="ninja_boost_caching.W002",
                )


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W003: each process has a cache of its own. W004: a cache without timeouts."""
    try:
        alias = current_backend().alias
    except ImproperlyConfigured:
        return  # check_operations reports it
    if not any(_caches(hook) for *_, operation in _operations() for hook in _registered(operation)):
        return
    if isinstance(caches[alias], LocMemCache):
        yield checks.Warning(
            f"The cache {alias!r} is in the memory of one process: an invalidation does not "
            "reach the others, which send old answers until these expire.",
            hint="Set NINJA_BOOST['CACHE']['ALIAS'] to a cache that all processes share.",
            id="ninja_boost_caching.W003",
        )
        return
    config = settings.CACHES[alias]
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


def _caches(hook: Any) -> bool:
    return isinstance(hook, CacheHook)


def _registered(operation: Any) -> tuple[Any, ...]:
    registration = getattr(operation, "_registration", None)
    return getattr(registration, "hooks", ())


def _operations() -> Iterator[tuple[NinjaAPI, str, Any]]:
    """Yield every operation that the URL configuration serves, with its API and its path."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return
    for api in _apis(get_resolver().url_patterns):
        if isinstance(api, AutoAPI):
            for path, operation in api.operations():
                yield api, path, operation
            continue
        # Ninja 1.5 binds a router's own operations; later versions bind clones of them.
        bind = getattr(api, "_get_bound_routers", None)
        routers = [(r.prefix, r) for r in bind()] if bind else getattr(api, "_routers", ())
        for prefix, router in routers:
            for path, path_view in router.path_operations.items():
                for operation in path_view.operations:
                    yield api, f"{prefix}{path}", operation


def _apis(patterns: Any) -> Iterator[NinjaAPI]:
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _apis(pattern.url_patterns)
        else:
            # Ninja routes the root of an API to a partial that holds the API.
            api = getattr(pattern.callback, "keywords", {}).get("api")
            if pattern.name == "api-root" and isinstance(api, NinjaAPI):
                yield api
