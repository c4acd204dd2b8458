"""What has been asked and decided in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ninja_boost_core.views import current_call

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .decisions import Decision

__all__ = ["OBJECTS", "decisions_of", "has_asked", "note", "note_question", "policy_objects"]

OBJECTS: Final = "policy_objects"
_DECISIONS: Final = "policy_decisions"
_ASKED: Final = "_boost_policies_asked"


def policy_objects(request: HttpRequest) -> dict[str, Any]:
    """Return what ``get_obj`` fetched for the view that is running, by resource.

    The same dictionary as ``ctx["policy_objects"]``, for views without ``ctx``.
    """
    call = current_call(request)
    if call is None:
        return {}
    objects: dict[str, Any] = call.state.setdefault(OBJECTS, {})
    return objects


def decisions_of(request: HttpRequest) -> tuple[Decision, ...]:
    """Return what ``@policy``, ``authorize`` and ``scope`` decided in this request, in order.

    Equal decisions count once. ``can`` and ``decide`` only ask, and are not in it.
    """
    return tuple(getattr(request, _DECISIONS, ()))


def note(request: HttpRequest, decision: Decision) -> None:
    """Keep a decision that was enforced, as ``request.policy_decisions``."""
    known: dict[Decision, None] | None = getattr(request, _DECISIONS, None)
    if known is None:
        known = {}
        setattr(request, _DECISIONS, known)
    known[decision] = None


def note_question(request: HttpRequest, resource: str, action: str) -> None:
    """Keep that a policy was asked, whatever for."""
    asked: set[tuple[str, str]] | None = getattr(request, _ASKED, None)
    if asked is None:
        asked = set()
        setattr(request, _ASKED, asked)
    asked.add((resource, action))


def has_asked(request: HttpRequest, resource: str, action: str) -> bool:
    """Return whether a policy was asked about an action in this request."""
    return (resource, action) in getattr(request, _ASKED, ())
