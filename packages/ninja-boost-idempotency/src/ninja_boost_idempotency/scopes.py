"""Whose key it is: two callers never share one unless they were asked to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from ninja_boost_core import Call

__all__ = ["Scope", "name_of", "scope_of"]

Scope = Literal["principal", "tenant"] | Callable[..., Any]

_NAMES = ("pk", "id", "user_id", "sub")


def scope_of(call: Call, scope: Scope, allow_anonymous: bool) -> list[str]:
    """Return what identifies the caller, as JSON can hold it.

    Args:
        scope: "principal" (within ``ctx["tenant_id"]``, if there is one), "tenant" (that one
            alone), or a callable that takes ``(request, ctx)``.
        allow_anonymous: whether callers whom nobody knows share their keys.

    Raises:
        ImproperlyConfigured: the caller cannot be told from others.
    """
    if callable(scope):
        return ["scope", *_parts(scope(call.request, call.ctx), "scope= returned")]
    tenant = call.ctx.get("tenant_id")
    within = [] if tenant is None else ["tenant", *_parts(tenant, 'ctx["tenant_id"] is')]
    if scope == "tenant":
        if not within:
            raise ImproperlyConfigured(
                'idempotent(scope="tenant"): ctx has no "tenant_id"; let the DI setting add it.'
            )
        return within
    principal = _principal(getattr(call.request, "auth", None))
    if principal is None:
        if not allow_anonymous:
            raise ImproperlyConfigured(
                "idempotent(): request.auth is "
                f"{_kind(getattr(call.request, 'auth', None))}, which names nobody by "
                f"{', '.join(_NAMES)}, so callers could read each other's results. Give "
                "scope=, a callable over (request, ctx), or allow_anonymous=True."
            )
        principal = ["anonymous"]
    return [*within, *principal]


def name_of(scope: list[str], operation: list[str], key: str) -> str:
    """Return the name under which a store keeps the key; nobody reads from it whose it is."""
    text = json.dumps([scope, operation, key])
    return hashlib.sha256(text.encode()).hexdigest()


def _principal(auth: Any) -> list[str] | None:
    if auth is None or isinstance(auth, bool) or getattr(auth, "is_anonymous", False) is True:
        return None
    if isinstance(auth, str | int | UUID):
        return [_kind(auth), str(auth)] if auth != "" else None
    for name in _NAMES:
        value = auth.get(name) if isinstance(auth, Mapping) else getattr(auth, name, None)
        if isinstance(value, str | int | UUID) and value != "" and not isinstance(value, bool):
            # Rows of two models may have the same key.
            return [_kind(auth), name, str(value)]
    return None


def _parts(value: Any, what: str) -> list[str]:
    parts = value if isinstance(value, tuple) else (value,)
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, str | int | UUID) or part == "":
            raise ImproperlyConfigured(
                f"idempotent(): {what} a {type(part).__name__}; give a text, a number, a UUID "
                "or a tuple of them that tells callers apart."
            )
    return [f"{type(part).__name__}:{part}" for part in parts]


def _kind(value: Any) -> str:
    # __class__ sees through Django's lazy objects.
    cls = value.__class__
    return "dict" if isinstance(value, dict) else f"{cls.__module__}.{cls.__qualname__}"
