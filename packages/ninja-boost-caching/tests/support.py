"""Serves APIs that a test builds, through Django's whole request cycle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, ClassVar

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import override_settings
from django.urls import clear_url_caches, path
from ninja.security import HttpBearer

ALIASES = ("default", "redis", "sqlite", "postgresql", "mariadb")
ALICE = {"Authorization": "Bearer alice"}
BOB = {"Authorization": "Bearer bob"}


class Bearer(HttpBearer):
    """The token is the user's name, unless it was revoked."""

    revoked: ClassVar[set[str]] = set()

    def authenticate(self, request, token):
        return None if token in self.revoked else {"user_id": token}


def skip_if_missing(alias: str) -> None:
    if alias in settings.MISSING:
        pytest.skip(settings.MISSING[alias])


def with_cache(**options: Any) -> override_settings:
    """Settings of the cache; the jitter is off unless a test wants it."""
    return override_settings(NINJA_BOOST={"CACHE": {"JITTER": 0, **options}})


def clear(alias: str) -> None:
    """Empty a cache; of a Redis that others use, too, only what is ours."""
    if alias in settings.MISSING:
        return
    cache = caches[alias]
    if alias != "redis":
        cache.clear()
        return
    client = cache._cache.get_client(None, write=True)
    if keys := list(client.scan_iter(f"{settings.PREFIX}:*", count=1000)):
        client.delete(*keys)


def status_of(response: Any) -> str:
    return response["Cache-Status"].removeprefix("ninja-boost; ").partition(";")[0]


def operations_of(api: Any, path: str) -> list[Any]:
    """The operations of a path, once the API is served; Ninja 1.5 keeps them elsewhere."""
    bound = getattr(api, "_get_bound_routers", None)
    routers = bound() if bound else [router for _, router in api._routers]
    return next(r.path_operations[path].operations for r in routers if path in r.path_operations)


@contextmanager
def serving(*extra_patterns: Any, **apis: Any) -> Iterator[ModuleType]:
    """Serve each API below a path of its keyword's name: ``serving(api=AutoAPI())``."""
    urls = ModuleType("urls_of_a_test")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        *(path(f"{name}/", api.urls) for name, api in apis.items()),
        *extra_patterns,
    ]
    clear_url_caches()
    with override_settings(ROOT_URLCONF=urls):
        yield urls
    clear_url_caches()
