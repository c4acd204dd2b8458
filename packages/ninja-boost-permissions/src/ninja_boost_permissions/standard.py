"""The permissions that come with the package.

A caller whose account is not active is neither permitted nor denied anything by them: they abstain,
so that no ``~`` permits it either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import sync_to_async

from ninja_boost_core.callables import is_async

from .expressions import BasePermission
from .principals import field, flag, is_active, is_unresolved, owns, principal_of, user_in

if TYPE_CHECKING:
    from django.http import HttpRequest

    from ninja_boost_core import Context

__all__ = [
    "AllowAny",
    "DenyAll",
    "HasPermission",
    "IsAuthenticated",
    "IsOwner",
    "IsStaff",
    "IsSuperuser",
]

T = TypeVar("T")


class AllowAny(BasePermission):
    """Permits everybody, nobody included."""

    nonblocking = True

    def has_permission(self, request: HttpRequest, ctx: Context) -> bool:
        return True


class DenyAll(BasePermission):
    """Permits nobody."""

    nonblocking = True

    def has_permission(self, request: HttpRequest, ctx: Context) -> bool:
        return False


class IsAuthenticated(BasePermission):
    """Permits whom authentication named; see ``ctx["user"]``."""

    nonblocking = True

    def has_permission(self, request: HttpRequest, ctx: Context) -> bool | None:
        return _about(request, ctx, lambda principal: True)


class IsStaff(BasePermission):
    """Permits callers whose ``is_staff`` is literally True."""

    nonblocking = True

    def has_permission(self, request: HttpRequest, ctx: Context) -> bool | None:
        return _flagged(request, ctx, "is_staff")


class IsSuperuser(BasePermission):
    """Permits callers whose ``is_superuser`` is literally True."""

    nonblocking = True

    def has_permission(self, request: HttpRequest, ctx: Context) -> bool | None:
        return _flagged(request, ctx, "is_superuser")


class HasPermission(BasePermission):
    """Permits callers who have a permission.

    A principal with a method ``has_perm``, such as a Django user, is asked. Of a dict, or another
    object, the list ``permissions`` counts, and nothing else: no flag stands for all of them.

    Args:
        codename: for a Django user ``"<app label>.<codename>"``.

    Raises:
        TypeError: if that is no text.
    """

    def __init__(self, codename: str) -> None:
        given: Any = codename
        if not isinstance(given, str) or not given:
            raise TypeError(f"HasPermission({given!r}): give the codename of one permission.")
        self.codename: str = codename

    def has_permission(self, request: HttpRequest, ctx: Context) -> bool | None:
        return _about(request, ctx, self._is_held_by)

    async def ahas_permission(self, request: HttpRequest, ctx: Context) -> bool | None:
        user = user_in(request, ctx)
        if not is_unresolved(user) and (isinstance(user, Mapping) or not hasattr(user, "has_perm")):
            return self.has_permission(request, ctx)
        # Not ``ahas_perm``: Django's does not call a ``has_perm`` that a user model or a backend
        # overrides, so sync and async operations would decide differently.
        return await sync_to_async(self.has_permission)(request, ctx)

    def _is_held_by(self, principal: Any) -> bool | None:
        has_perm = None if isinstance(principal, Mapping) else getattr(principal, "has_perm", None)
        if callable(has_perm):
            answer: bool | None = has_perm(self.codename)
            return answer
        held = field(principal, "permissions", ())
        if not isinstance(held, list | tuple | set | frozenset):
            return None  # ``in`` would find a part of a text, too
        return self.codename in held

    def __repr__(self) -> str:
        return f'HasPermission("{self.codename}")'


class IsOwner(BasePermission):
    """Permits the owner of what the request is about.

    Nobody owns anything, and ``owner`` is not asked then.

    Args:
        owner: a plain or async function ``(request, ctx, ...)`` that returns the owner: an id, a
            user, or None if that cannot be told. Further parameters get the view's arguments of
            the same names, ``**kw`` all of them. A dict principal is known by its ``user_id``, or
            else its ``sub``.
        nonblocking: whether a plain ``owner`` does no I/O, so that async operations call it
            without a thread.

    Raises:
        TypeError: if ``owner`` cannot be called.
    """

    def __init__(self, owner: Callable[..., Any], *, nonblocking: bool = False) -> None:
        given: Any = owner
        if not callable(given):
            raise TypeError(f"IsOwner({given!r:.80}): give a function that returns the owner.")
        self.owner: Callable[..., Any] = owner
        self.nonblocking = nonblocking

    def has_permission(self, request: HttpRequest, ctx: Context, **values: Any) -> Any:
        if is_async(self.owner):
            return self.ahas_permission(request, ctx, **values)
        return _about(
            request, ctx, lambda principal: owns(principal, self.owner(request, ctx, **values))
        )

    async def ahas_permission(self, request: HttpRequest, ctx: Context, **values: Any) -> Any:
        if is_unresolved(user_in(request, ctx)):
            known = await sync_to_async(_about)(request, ctx, lambda principal: True)
        else:
            known = _about(request, ctx, lambda principal: True)
        if known is not True:
            return known
        if is_async(self.owner) or self.nonblocking:
            owner = self.owner(request, ctx, **values)
        else:
            owner = await sync_to_async(self.owner)(request, ctx, **values)
        if isawaitable(owner):
            owner = await owner
        return owns(principal_of(request, ctx), owner)

    def _readers(self) -> tuple[Callable[..., Any], ...]:
        return (self.owner,)

    def __repr__(self) -> str:
        name = getattr(self.owner, "__name__", "<lambda>")
        return f"IsOwner({'...' if name == '<lambda>' else name})"


def _flagged(request: HttpRequest, ctx: Context, name: str) -> bool | None:
    """Ask for a flag of the caller; see ``_about``."""
    principal = principal_of(request, ctx)
    if principal is None:
        return False
    return flag(principal, name) if is_active(principal) else None


def _about(request: HttpRequest, ctx: Context, question: Callable[[Any], T]) -> T | bool | None:
    """Ask about the caller: nobody is denied, and about an inactive account nothing is said."""
    principal = principal_of(request, ctx)
    if principal is None:
        return False
    return question(principal) if is_active(principal) else None
