"""What is known about the caller, whether a dict, a Django user or something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db.models import Model
from django.utils.functional import LazyObject, empty

if TYPE_CHECKING:
    from django.http import HttpRequest

    from ninja_boost_core import Context

__all__ = ["field", "flag", "is_active", "is_unresolved", "owns", "principal_of", "user_in"]


def user_in(request: HttpRequest, ctx: Context) -> Any:
    """Return ``ctx["user"]``, or what authentication returned if the context has none."""
    return ctx["user"] if "user" in ctx else getattr(request, "auth", None)


def principal_of(request: HttpRequest, ctx: Context) -> Any:
    """Return the authenticated caller, or None for nobody.

    Django's AnonymousUser and whatever else says ``is_authenticated`` and not True is nobody; so
    are True and False, which name nobody, and what is empty.
    """
    user = user_in(request, ctx)
    if user is None or isinstance(user, bool) or not user:
        return None
    return user if field(user, "is_authenticated", True) is True else None


def is_active(principal: Any) -> bool:
    """Return False for an account that says ``is_active`` and not True."""
    return field(principal, "is_active", True) is True


def is_unresolved(user: Any) -> bool:
    """Return whether ``user`` is lazy and may query the database when it is looked at."""
    return isinstance(user, LazyObject) and user.__dict__.get("_wrapped") is empty


def field(principal: Any, name: str, default: Any = None) -> Any:
    """Return a key of a dict, or an attribute of anything else."""
    # A dict first: it is the usual one, and asking an abstract class takes several times as long.
    if isinstance(principal, dict | Mapping):
        return principal.get(name, default)
    return getattr(principal, name, default)


def flag(principal: Any, name: str) -> bool | None:
    """Return a field that is literally True or False; None if it is something else.

    A field that is missing or None is False.
    """
    value = field(principal, name)
    if value is None:
        return False
    return value if isinstance(value, bool) else None


def owns(principal: Any, owner: Any) -> bool | None:
    """Return whether ``owner``, an id or a model instance, stands for the principal.

    Ids are compared as text, because the ``sub`` of a token is text (RFC 7519, section 4.1.2).
    Two model instances are the same if model and key are. None if nobody can tell.

    Raises:
        TypeError: if ``owner`` is of another type.
    """
    if owner is None:
        return None
    if isinstance(owner, Model):
        if isinstance(principal, Model) and _is_user(owner) == _is_user(principal):
            return bool(owner == principal)
        if not _is_user(owner):
            return None
        identity = _user_id(principal)
        owner_id = _text(owner.pk)
    elif isinstance(owner, int | str | UUID) and not isinstance(owner, bool):
        identity = _user_id(principal) or _own_id(principal)
        owner_id = _text(owner)
    else:
        raise TypeError(f"the owner is a {type(owner).__name__}; it must be an id, a user or None.")
    return None if identity is None or owner_id is None else identity == owner_id


def _user_id(principal: Any) -> str | None:
    """Return the id of the user that the principal is, or for whom it acts, as an API key does."""
    if isinstance(principal, Model) and _is_user(principal):
        return _text(principal.pk)
    return _text(field(principal, "user_id")) or _text(field(principal, "sub")) or _text(principal)


def _own_id(principal: Any) -> str | None:
    if isinstance(principal, Mapping):
        return None  # the ``id`` of a dict may be anything's, such as a token's
    return _text(field(principal, "pk")) or _text(field(principal, "id"))


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | str | UUID):
        return None
    return str(value) or None


def _is_user(instance: Model) -> bool:
    model = instance._meta.concrete_model
    return model is not None and model._meta.label_lower == settings.AUTH_USER_MODEL.lower()
