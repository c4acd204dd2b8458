"""Turns a denial into the event and the error."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ninja_boost_core.events import ON_POLICY_DENIED, event_bus
from ninja_boost_core.security import DefaultAuth, challenge, default_auth
from ninja_boost_core.steps import Do, Steps
from ninja_boost_core.views import current_call

from .decisions import Decision, PolicyDenied, PolicyHidden
from .trail import note

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

    from ninja_boost_core import Context

__all__ = ["conclude", "refuse"]


def conclude(request: HttpRequest, ctx: Context, decision: Decision) -> Steps[None]:
    """Note a decision that is enforced, and tell the listeners of a denial."""
    note(request, decision)
    if not decision and event_bus.has_handlers(ON_POLICY_DENIED):
        arguments = {
            "request": request,
            "ctx": ctx,
            "resource": decision.resource,
            "action": decision.action,
            "decision": decision,
        }
        yield Do(
            partial(event_bus.emit, ON_POLICY_DENIED, **arguments),
            partial(event_bus.aemit, ON_POLICY_DENIED, **arguments),
        )


def refuse(
    request: HttpRequest, ctx: Context, decision: Decision, *, hide: bool
) -> Steps[PolicyDenied]:
    """Return the error of a denial: 404 to hide, 401 for nobody, 403 for somebody."""
    if hide:
        return PolicyHidden(decision)
    known = _is_somebody(getattr(request, "auth", None)) or _is_somebody(ctx.get("user"))
    if not known:
        known = yield _session_user(request)
    if known:
        return PolicyDenied(decision)
    return PolicyDenied(
        decision, known_caller=False, challenge=challenge(request, _authentications(request))
    )


def _is_somebody(principal: Any) -> bool:
    """Return whether an authentication's result names somebody; AnonymousUser is nobody."""
    return principal is not None and bool(getattr(principal, "is_authenticated", principal))


def _session_user(request: HttpRequest) -> Do:
    """Return the step that asks Django's own user, which may take a query."""

    def ask() -> bool:
        return _is_somebody(getattr(request, "user", None))

    async def aask() -> bool:
        auser = getattr(request, "auser", None)
        return _is_somebody(getattr(request, "user", None) if auser is None else await auser())

    return Do(ask, aask)


def _authentications(request: HttpRequest) -> Iterable[Any]:
    """Return the callbacks whose challenge the 401 carries."""
    call = current_call(request)
    operation = None if call is None else call.operation
    if operation is None:
        return ()
    callbacks = getattr(operation, "authentication", None) or operation.auth_callbacks
    declared = callbacks or operation.api.auth
    found: list[Any] = []
    for callback in declared if isinstance(declared, list | tuple) else ():
        found += default_auth() if isinstance(callback, DefaultAuth) else [callback]
    return found
