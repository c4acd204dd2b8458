"""``@require``, and the same for code inside a view."""

from __future__ import annotations

from collections.abc import Callable
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar

from ninja_boost_core import Call, attach
from ninja_boost_core.dependencies import build_context
from ninja_boost_core.steps import arun, run
from ninja_boost_core.views import current_call

from .expressions import AllOf, BasePermission, Expression, as_expression
from .hooks import PermissionHook, hook_for

if TYPE_CHECKING:
    from django.http import HttpRequest

    from ninja_boost_core import Context

__all__ = ["Requirement", "acheck_permission", "async_require", "check_permission", "require"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])

Requirement = Expression | type[BasePermission] | UnionType
"""A permission: a class, an instance, or an expression of them.

A type checker takes ``Editors = IsStaff | IsAuthor`` in a module for a union; it is none.
"""


def require(
    *permissions: Requirement, hide: bool = False, obj: Callable[..., Any] | None = None
) -> Callable[[ViewT], ViewT]:
    """Return a decorator that lets only those call a view whom ``permissions`` permit.

    Several permissions, and several decorators on one view, are an AND.

    Args:
        permissions: classes, instances, or expressions of them with ``&``, ``|`` and ``~``.
        hide: answer 404 to whoever is refused, as if there were nothing. Otherwise nobody gets a
            401 and somebody a 403.
        obj: a plain or async function ``(request, ctx, ...)`` that takes the view's arguments as
            permissions do and returns the object that they take as ``obj`` and that the view finds
            as ``ctx["obj"]``. It is called once, and not for who is refused without it. None,
            ``Http404`` and ``DoesNotExist`` mean that there is none: 404.

    Raises:
        TypeError: for what is no permission, or a permission that takes an argument which the
            view does not have.
    """
    expression = joined(permissions)
    hook_for(expression, hide=hide, loader=obj)  # complains where the mistake was made

    def decorate(view: ViewT) -> ViewT:
        return attach(hook_for(expression, hide=hide, loader=obj).at(view))(view)

    return decorate


async_require = require
"""The original's name for async views."""


def check_permission(
    permission: Requirement,
    request: HttpRequest,
    ctx: Context | None = None,
    /,
    *,
    hide: bool = False,
    **values: Any,
) -> None:
    """Refuse as ``@require`` does, from inside a view that has loaded what it is about.

    Args:
        permission: as in ``require``.
        request: the request.
        ctx: its context; None makes one.
        hide: as in ``require``.
        values: what permissions take by name, such as ``obj=order``.

    Raises:
        ApiError: 401 or 403.
        Http404: with ``hide``.
        TypeError: for what is no permission, or if a value is missing.
    """
    hook, call = _asked(permission, request, ctx, hide, values)
    run(hook.decide(call, early=False, run_async=False))


async def acheck_permission(
    permission: Requirement,
    request: HttpRequest,
    ctx: Context | None = None,
    /,
    *,
    hide: bool = False,
    **values: Any,
) -> None:
    """See ``check_permission``."""
    hook, call = _asked(permission, request, ctx, hide, values)
    await arun(hook.decide(call, early=False, run_async=True))


def joined(permissions: tuple[Any, ...]) -> Expression:
    if not permissions:
        raise TypeError("require() needs a permission.")
    expressions = [as_expression(each) for each in permissions]
    return expressions[0] if len(expressions) == 1 else AllOf.of(*expressions)


def _asked(
    permission: Requirement,
    request: HttpRequest,
    ctx: Context | None,
    hide: bool,
    values: dict[str, Any],
) -> tuple[PermissionHook, Call]:
    hook = hook_for(as_expression(permission), hide=hide)
    hook.expect(values, "check_permission() was not given it")
    outer = current_call(request)
    call = Call(request, outer.operation if outer else None, {})
    known = outer.ctx if outer else None
    call.ctx = ctx if ctx is not None else known or build_context(request)
    call.values = values
    return hook, call
