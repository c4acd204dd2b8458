"""Serves APIs that a test builds, and looks at what they left in the trail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import ninja
import pytest
from django.conf import settings
from django.db import connections
from django.http import HttpRequest
from django.test import override_settings
from django.urls import clear_url_caches, path
from ninja.security import HttpBearer

from ninja_boost_audit.keys import key_ring
from ninja_boost_audit.models import AuditRecord, AuditSegment, AuditStream
from ninja_boost_audit.verification import verify

from .models import Order

ALIASES = {"sqlite": "default", "postgresql": "postgresql", "mariadb": "mariadb"}
ALICE = {"Authorization": "Bearer alice"}
DATABASE = "ninja_boost_audit.DatabaseBackend"


class Bearer(HttpBearer):
    """The token is the user's name."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return {"user_id": token} if token != "nobody" else None


def answer(status: int) -> Any:
    """What a view returns for a status of its own; Ninja 1.5 knows the tuple alone."""
    return ninja.Status(status, {}) if hasattr(ninja, "Status") else (status, {})


def skip_if_missing(name: str) -> None:
    if name in settings.MISSING:
        pytest.skip(settings.MISSING[name])


def clear(alias: str) -> None:
    for model in (AuditRecord, AuditStream, AuditSegment, Order):
        model.objects.using(alias).all().delete()


def audit_settings(**options: Any) -> Any:
    """Override ``NINJA_BOOST["AUDIT"]``; the tests' key is there unless another is given."""
    return override_settings(NINJA_BOOST={"AUDIT": {"KEYS": settings.KEYS, **options}})


def to_database(alias: str = "default", **options: Any) -> Any:
    return audit_settings(BACKEND=DATABASE, DATABASE=alias, **options)


@contextmanager
def atomic_requests(alias: str) -> Iterator[None]:
    options = connections[alias].settings_dict
    options["ATOMIC_REQUESTS"] = True
    try:
        yield
    finally:
        options["ATOMIC_REQUESTS"] = False


@contextmanager
def serving(*patterns: Any, **apis: Any) -> Iterator[None]:
    """Serve each API below a path of its keyword's name: ``serving(api=AutoAPI())``."""
    urls = ModuleType("urls_of_a_test")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        *(path(f"{name}/", api.urls) for name, api in apis.items()),
        *patterns,
    ]
    clear_url_caches()
    with override_settings(ROOT_URLCONF=urls):
        yield
    clear_url_caches()


def records(alias: str = "default") -> list[AuditRecord]:
    return list(AuditRecord.objects.using(alias).order_by("timestamp", "id"))


def last(alias: str = "default") -> AuditRecord:
    return records(alias)[-1]


def details(record: AuditRecord) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(record.details)
    return loaded


def found(alias: str = "default", checkpoints: Any = ()) -> list[tuple[str, int | None, str]]:
    """What verification finds: stream, sequence and kind."""
    findings = verify(key_ring(), alias, checkpoints)
    return [(each.stream, each.sequence, each.kind) for each in findings]
