"""Serves APIs that a test builds, through Django's whole request cycle."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import clear_url_caches, path

from ninja_boost_idempotency import Attempt

T = TypeVar("T")

ALICE = {"Authorization": "Bearer alice"}
BOB = {"Authorization": "Bearer bob"}


def new_key() -> str:
    return secrets.token_hex(16)


def keyed(key: str, who: dict[str, str] = ALICE) -> dict[str, str]:
    return {**who, "X-Idempotency-Key": key}


def attempt(fingerprint: str = "f" * 64, lease: float = 60, ttl: float = 600) -> Attempt:
    return Attempt(new_key(), fingerprint, lease, ttl)


def post(client: Any, url: str, payload: Any, headers: dict[str, str]) -> Any:
    """The response, or the coroutine that gives it if the client is async."""
    body = json.dumps(payload)
    return client.post(url, body, content_type="application/json", headers=headers)


def eventually(question: Callable[[], T], seconds: float = 20) -> T:
    """The first true answer; fails if there is none in time."""
    until = time.monotonic() + seconds
    while True:
        if answer := question():
            return answer
        if time.monotonic() > until:
            pytest.fail(f"not within {seconds} s")
        time.sleep(0.02)


def skip_if_missing(name: str) -> None:
    service = name.removesuffix("-cache")
    if service in settings.MISSING:
        pytest.skip(settings.MISSING[service])


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
