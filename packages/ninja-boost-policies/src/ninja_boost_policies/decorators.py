"""``@policy``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from ninja_boost_core import attach

from .hooks import AskedInViewHook, Getter, PolicyHook

__all__ = ["policy"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def policy(
    resource: str,
    action: str,
    *,
    get_obj: Callable[..., Any] | None = None,
    hide: bool | None = None,
    in_view: bool = False,
) -> Callable[[ViewT], ViewT]:
    """Return a decorator that lets a view run only if the resource's policy allows the action.

    Args:
        resource: the resource's name.
        action: the rule's name.
        get_obj: fetches what the action is about. It gets those of the view's keyword arguments
            that it takes, all with ``**kw``, and ``request`` and ``ctx`` if it names them. It may
            be async; sync, async operations call it in a thread, unless it has the attribute
            ``nonblocking = True``. None, like Http404, is a 404. The object is then
            ``ctx["policy_objects"][resource]``. Without ``get_obj`` the rule gets no object.
        hide: whether a denial is a 404; None leaves that to the policy.
        in_view: the view asks by itself, by ``authorize`` for example. The decorator declares it:
            for the documentation, the system checks, and ``assert_policies_asked``.

    Raises:
        TypeError: if the arguments make no sense, or ``get_obj`` needs what the view does not
            take.
    """
    names: tuple[Any, ...] = (resource, action)
    if not all(isinstance(name, str) for name in names):
        raise TypeError('policy() takes two names, as in @policy("order", "view").')
    if get_obj is not None and in_view:
        raise TypeError("policy() takes get_obj= or in_view=, because one of the two asks.")
    getter = None if get_obj is None else Getter(get_obj)

    def decorate(view: ViewT) -> ViewT:
        named = view if hasattr(view, "__qualname__") else type(view)
        where = f"{named.__module__}.{named.__qualname__}"
        if in_view:
            return attach(AskedInViewHook(resource, action, hide, where))(view)
        if getter is not None:
            _check(getter, view, where)
        return attach(PolicyHook(resource, action, hide, where, getter))(view)

    return decorate


def _check(getter: Getter, view: Callable[..., Any], where: str) -> None:
    parameters = inspect.signature(view).parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return
    missing = sorted(getter.required - {"request", "ctx", *parameters})
    if missing:
        raise TypeError(
            f"{where}: get_obj of @policy needs {missing[0]!r}, which the view does not take; it "
            f"takes {', '.join(list(parameters)[1:]) or 'nothing'}."
        )
