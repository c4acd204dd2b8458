"""Idempotency for every operation that changes something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from ninja_boost_core.conf import boost_settings

__all__ = ["IdempotencyMiddleware", "covers_all"]


class IdempotencyMiddleware:
    """Its place in MIDDLEWARE says that every operation honours idempotency keys.

    The authenticated POST, PUT, PATCH and DELETE operations of an AutoAPI or AutoRouter then
    behave as if they had ``@idempotent()``. The work is done in the operation, after
    authentication, permissions and validation, and never here: a middleware would replay a
    response to a caller whom the operation would refuse. So it takes no part in requests, and
    views outside the API are not covered.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[..., Any]) -> None:
        raise MiddlewareNotUsed("the operations themselves honour idempotency keys")


_covers_all: bool | None = None


def covers_all() -> bool:
    """Whether the middleware is in MIDDLEWARE."""
    global _covers_all
    if _covers_all is None:
        _covers_all = any(map(_is_ours, settings.MIDDLEWARE))
    return _covers_all


def _is_ours(path: str) -> bool:
    if not path.endswith("IdempotencyMiddleware"):
        return False
    try:
        return import_string(path) is IdempotencyMiddleware
    except ImportError as error:
        raise ImproperlyConfigured(f"MIDDLEWARE: {path!r} cannot be imported: {error}") from error


def _follow(*, setting: str, **kwargs: object) -> None:
    global _covers_all
    if setting == "MIDDLEWARE":
        _covers_all = None
        boost_settings.reload()


setting_changed.connect(_follow, dispatch_uid="ninja_boost_idempotency.middleware")
