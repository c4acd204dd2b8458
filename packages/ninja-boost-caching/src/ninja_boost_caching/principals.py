"""Whose answer it is: two callers never share one unless they were asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ninja_boost_core.principals import Identity, parts_of
from ninja_boost_core.steps import Do

if TYPE_CHECKING:
    from django.http import HttpRequest

    from ninja_boost_core import Call

__all__ = ["session_user", "tenant_of"]


def session_user(request: HttpRequest) -> Do | None:
    """Return the step that asks for the Django user, where no authentication has run."""
    if getattr(request, "auth", None) is not None or not hasattr(request, "auser"):
        return None
    return Do(lambda: request.user, request.auser)


def tenant_of(call: Call) -> Identity | None:
    """Return ``ctx["tenant_id"]``, or None if there is none.

    Raises:
        ImproperlyConfigured: it tells no tenant from another.
    """
    tenant = call.from_ctx("tenant_id")
    return None if tenant is None else parts_of(tenant, 'cache_response(): ctx["tenant_id"] is')
