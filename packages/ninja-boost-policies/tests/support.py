"""Serves APIs that a test builds, through Django's whole request cycle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from django.test import RequestFactory, override_settings
from django.urls import clear_url_caches, path
from ninja import NinjaAPI, Router
from ninja.security import HttpBearer

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_policies import policy_registry

USERS = {
    "alice": {"user_id": 1, "team": "red"},
    "bob": {"user_id": 2, "team": "blue"},
    "staff": {"user_id": 3, "is_staff": True},
}


class Token(HttpBearer):
    """Who one says to be; ``nobody`` gets through, and is nobody."""

    nonblocking = True

    def authenticate(self, request, token):
        return USERS.get(token)


class Optional(Token):
    """Lets anybody in."""

    def __call__(self, request):
        return super().__call__(request) or NOBODY


class Nobody:
    is_authenticated = False


NOBODY = Nobody()


def who(name: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"} if name else {}


def a_request(user: Any = None, method: str = "get") -> Any:
    request = getattr(RequestFactory(), method)("/")
    if user is not None:
        request.auth = user
    return request


def make(kind: str, auth: Any = None) -> tuple[Any, Any]:
    """Return an API and a router on it: of ours or of Ninja's."""
    auth = auth or Token()
    api = AutoAPI(auth=auth) if kind == "auto" else NinjaAPI(auth=auth)
    router = AutoRouter() if kind == "auto" else Router()
    return api, router


def message(response: Any) -> str:
    body = response.json()
    return body["error"] if "error" in body else body["detail"]


@contextmanager
def registered(*policies: Any) -> Iterator[None]:
    names = [policy_registry.register(each).resource_name for each in policies]
    try:
        yield
    finally:
        for name in names:
            policy_registry.unregister(name)


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
