"""Whose answer it is: two callers never share one unless they were asked to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.steps import Do

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["Identity", "identity_of", "parts_of", "session_user", "tenant_of"]

Identity = tuple[Any, ...]
"""Texts, numbers and tuples of them; equal only for one and the same caller."""

NAMES = ("pk", "id", "user_id", "sub")

# A subject is unique within its issuer, a row within its database, both within their tenant.
WITHIN = ("iss", "tenant_id", "tenant", "tid", "client_id")

# Of an object such a name may be a row of another table, and reading it a query.
RELATIONS = frozenset({"tenant"})


def session_user(request: HttpRequest) -> Do | None:
    """Return the step that asks for the Django user, where no authentication has run."""
    if getattr(request, "auth", None) is not None or not hasattr(request, "auser"):
        return None
    return Do(lambda: request.user, request.auser)


def identity_of(auth: Any) -> Identity | None:
    """Return what identifies a principal: a text, a number, or what its names say together.

    Every name that the principal has counts, so that callers who differ in one stay apart.
    """
    if auth is None or isinstance(auth, bool):
        return None
    kind = _kind(auth)
    if isinstance(auth, str | int | UUID):
        return None if auth == "" else (kind, str(auth))
    if isinstance(auth, Mapping):
        known = _named(auth, NAMES)
        return (kind, known, _named(auth, WITHIN)) if known else None
    if getattr(auth, "is_anonymous", False) is True:
        return None
    if getattr(auth, "is_authenticated", True) is False:
        return None
    known = _named(auth, NAMES)
    if not known:
        return None
    database = getattr(getattr(auth, "_state", None), "db", None)
    return (kind, database, known, _named(auth, WITHIN))


def tenant_of(ctx: Mapping[str, Any]) -> Identity | None:
    """Return ``ctx["tenant_id"]``, or None if there is none.

    Raises:
        ImproperlyConfigured: it tells no tenant from another.
    """
    tenant = ctx.get("tenant_id")
    return None if tenant is None else parts_of(tenant, 'ctx["tenant_id"] is')


def parts_of(value: Any, what: str) -> Identity:
    """Return ``value``, which tells callers apart, as texts with their types.

    Raises:
        ImproperlyConfigured: it is no text, number, UUID or tuple of them.
    """
    parts = value if isinstance(value, tuple) else (value,)
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, str | int | UUID) or part == "":
            raise ImproperlyConfigured(
                f"cache_response(): {what} a {type(part).__name__}; give a text, a number, a "
                "UUID or a tuple of them that tells answers apart."
            )
    return tuple((_kind(part), str(part)) for part in parts)


def _named(auth: Any, names: tuple[str, ...]) -> Identity:
    if isinstance(auth, Mapping):
        found = [(name, auth[name]) for name in names if name in auth]
    else:
        found = [(name, getattr(auth, name, None)) for name in names if name not in RELATIONS]
    return tuple(
        [
            (name, _kind(value), str(value))
            for name, value in found
            if isinstance(value, str | int | UUID) and value != "" and not isinstance(value, bool)
        ]
    )


def _kind(value: Any) -> str:
    # __class__ sees through Django's lazy objects.
    cls = value.__class__
    return f"{cls.__module__}.{cls.__qualname__}"
