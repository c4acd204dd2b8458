"""Serves APIs that a test builds, through Django's whole request cycle."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from django.test import AsyncClient, Client, override_settings
from django.urls import clear_url_caches, path
from ninja.security import HttpBearer

from ninja_boost_core import event_bus
from ninja_boost_core.events import ON_PERMISSION_DENIED

principals: dict[str, Any] = {}
"""The principal of each token that a test uses."""


class TokenAuth(HttpBearer):
    """The token names the principal."""

    nonblocking = True

    def authenticate(self, request, token):
        return principals.get(token)


def login(principal: Any, token: str = "token") -> dict[str, str]:
    principals[token] = principal
    return {"Authorization": f"Bearer {token}"}


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


@contextmanager
def denials() -> Iterator[list[dict[str, Any]]]:
    """Collect the arguments of each event."""
    seen: list[dict[str, Any]] = []

    def handler(**arguments):
        seen.append(arguments)

    event_bus.on(ON_PERMISSION_DENIED, handler)
    try:
        yield seen
    finally:
        event_bus.off(ON_PERMISSION_DENIED, handler)


class Sync:
    """One way of asking, for sync and async views."""

    is_async = False

    def view(self, function):
        return function

    def call(self, result):
        return result

    def ask(self, method, url, principal=None, **options):
        return self._send(Client(raise_request_exception=False), method, url, principal, options)

    def _send(self, client, method, url, principal, options):
        if principal is not None:
            options["headers"] = {**options.get("headers", {}), **login(principal)}
        if "data" in options:
            options["data"] = json.dumps(options["data"])
            options["content_type"] = "application/json"
        return getattr(client, method)(url, **options)


class Async(Sync):
    is_async = True

    def view(self, function):
        @functools.wraps(function)
        async def view(*args, **kwargs):
            return function(*args, **kwargs)

        return view

    def call(self, result):
        return asyncio.run(result)

    def ask(self, method, url, principal=None, **options):
        client = AsyncClient(raise_request_exception=False)
        return asyncio.run(self._send(client, method, url, principal, options))
