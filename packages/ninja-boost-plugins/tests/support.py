"""Serves APIs that a test builds, through Django's whole request cycle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from django.test import override_settings
from django.urls import clear_url_caches, path


@contextmanager
def serving(**apis: Any) -> Iterator[None]:
    """Serve each API below a path of its keyword's name: ``serving(api=AutoAPI())``."""
    urls = ModuleType("urls_of_a_test")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path(f"{name}/", api.urls) for name, api in apis.items()
    ]
    clear_url_caches()
    with override_settings(ROOT_URLCONF=urls):
        yield
    clear_url_caches()
