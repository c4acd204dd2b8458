"""Whose key it is: two callers never share one unless they were asked to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.principals import identity_of, kind_of, parts_of

if TYPE_CHECKING:
    from ninja_boost_core import Call

__all__ = ["Scope", "name_of", "scope_of"]

Scope = Literal["principal", "tenant"] | Callable[..., Any]


def scope_of(call: Call, scope: Scope, allow_anonymous: bool) -> list[Any]:
    """Return what identifies the caller, as JSON can hold it.

    Args:
        scope: "principal" (within ``ctx["tenant_id"]``, if there is one), "tenant" (that one
            alone), or a callable that takes ``(request, ctx)``.
        allow_anonymous: whether callers whom nobody knows share their keys.

    Raises:
        ImproperlyConfigured: the caller cannot be told from others.
    """
    if callable(scope):
        return ["scope", *parts_of(scope(call.request, call.ctx), "idempotent(): scope= returned")]
    tenant = call.from_ctx("tenant_id")
    within = (
        [] if tenant is None else ["tenant", *parts_of(tenant, 'idempotent(): ctx["tenant_id"] is')]
    )
    if scope == "tenant":
        if not within:
            raise ImproperlyConfigured(
                'idempotent(scope="tenant"): ctx has no "tenant_id"; let the DI setting add it.'
            )
        return within
    auth = getattr(call.request, "auth", None)
    principal = identity_of(auth)
    if principal is None:
        if not allow_anonymous:
            raise ImproperlyConfigured(
                f"idempotent(): request.auth is {kind_of(auth)}, which names nobody by pk, id, "
                "user_id or sub, so callers could read each other's results. Give scope=, a "
                "callable over (request, ctx), or allow_anonymous=True."
            )
        principal = ("anonymous",)
    return [*within, *principal]


def name_of(scope: list[Any], operation: list[str], key: str) -> str:
    """Return the name under which a store keeps the key; nobody reads from it whose it is."""
    text = json.dumps([scope, operation, key])
    return hashlib.sha256(text.encode()).hexdigest()
