"""Who a principal is: what authentication returned, a dict, a Django user or something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

__all__ = ["Identity", "identity_of", "kind_of", "parts_of", "principal_id"]

Identity = tuple[Any, ...]
"""Texts, numbers and tuples of them; equal only for one and the same caller."""

_NAMES = ("pk", "id", "user_id", "sub")

# The ``id`` of a dict may be anything's, such as a token's; its user comes first.
_NAMES_OF_MAPPINGS = ("user_id", "sub", "id", "pk")

# A subject is unique within its issuer, a row within its database, both within their tenant.
_WITHIN = ("iss", "tenant_id", "tenant", "tid", "client_id")

# Of an object such a name may be a row of another table, and reading it a query.
_RELATIONS = frozenset({"tenant"})


def principal_id(principal: Any) -> str | int | UUID | None:
    """Return the one id to show for a principal: in a log, a record, a counter.

    A text, number or UUID itself; of a mapping ``user_id``, ``sub``, ``id`` or ``pk``, of another
    object ``pk``, ``id``, ``user_id`` or ``sub``. None for nobody, and for what names nobody, such
    as True. Two principals may share one: what one of them must not see of the other goes by
    ``identity_of``.
    """
    if _is_nobody(principal):
        return None
    if _is_id(principal):
        return principal
    mapping = isinstance(principal, Mapping)
    for name in _NAMES_OF_MAPPINGS if mapping else _NAMES:
        value: Any = principal.get(name) if mapping else getattr(principal, name, None)
        if _is_id(value):
            return value
    return None


def identity_of(principal: Any) -> Identity | None:
    """Return what identifies a principal: a text, a number, or what its names say together.

    Every name that the principal has counts, so that callers who differ in one stay apart. None
    for whoever cannot be told from others.
    """
    if _is_nobody(principal):
        return None
    kind = kind_of(principal)
    if isinstance(principal, str | int | UUID):
        return None if principal == "" else (kind, str(principal))
    known = _named(principal, _NAMES)
    if not known:
        return None
    within = _named(principal, _WITHIN)
    if isinstance(principal, Mapping):
        return (kind, known, within)
    database = getattr(getattr(principal, "_state", None), "db", None)
    return (kind, database, known, within)


def parts_of(value: Any, what: str) -> Identity:
    """Return ``value``, which tells callers apart, as texts with their types.

    Args:
        value: a text, number, UUID or tuple of them.
        what: where it is from, for the message: ``"idempotent(): scope= returned"``.

    Raises:
        ImproperlyConfigured: it is something else.
    """
    parts = value if isinstance(value, tuple) else (value,)
    for part in parts:
        if not _is_id(part):
            raise ImproperlyConfigured(
                f"{what} a {type(part).__name__}; give a text, a number, a UUID or a tuple of "
                "them that tells callers apart."
            )
    return tuple((kind_of(part), str(part)) for part in parts)


def kind_of(value: Any) -> str:
    """Return the dotted name of the type, also of what is behind a lazy object."""
    # __class__ sees through Django's lazy objects.
    cls = value.__class__
    return f"{cls.__module__}.{cls.__qualname__}"


def _is_nobody(principal: Any) -> bool:
    if principal is None or isinstance(principal, bool):
        return True
    if isinstance(principal, Mapping):
        return False
    return (
        getattr(principal, "is_anonymous", False) is True
        or getattr(principal, "is_authenticated", True) is False
    )


def _is_id(value: Any) -> TypeGuard[str | int | UUID]:
    return isinstance(value, str | int | UUID) and not isinstance(value, bool) and value != ""


def _named(principal: Any, names: tuple[str, ...]) -> Identity:
    if isinstance(principal, Mapping):
        found = [(name, principal[name]) for name in names if name in principal]
    else:
        found = [(n, getattr(principal, n, None)) for n in names if n not in _RELATIONS]
    return tuple((name, kind_of(value), str(value)) for name, value in found if _is_id(value))
