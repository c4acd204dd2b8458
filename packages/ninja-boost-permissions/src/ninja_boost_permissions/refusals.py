"""What follows from a refusal: the log, the event and the error."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from django.http import Http404

from ninja_boost_core import ApiError, Call, event_bus
from ninja_boost_core.events import ON_PERMISSION_DENIED
from ninja_boost_core.security import challenge, default_auth
from ninja_boost_core.steps import Do, Steps

from .decisions import Literal
from .principals import principal_of

__all__ = ["refuse"]

logger: logging.Logger = logging.getLogger("ninja_boost.permissions")


def refuse(
    call: Call, required: str, blamed: Sequence[tuple[Literal, str]], *, not_found: bool
) -> Steps[None]:
    """Log the refusal, emit the event and raise the error.

    Args:
        call: whom to refuse.
        required: the expression as text.
        blamed: the permissions that were missing, with what each said.
        not_found: whether to answer 404.
    """
    reason = "; ".join(said for _, said in blamed)
    logger.info(
        "Refused %s %s, which requires %s: %s.",
        call.request.method,
        call.route,
        required,
        reason,
        extra={"permission": required, "reason": reason},
    )
    if event_bus.has_handlers(ON_PERMISSION_DENIED):
        arguments = {"request": call.request, "ctx": call.ctx}
        arguments |= {"permission": required, "reason": reason}
        yield Do(
            partial(event_bus.emit, ON_PERMISSION_DENIED, **arguments),
            partial(event_bus.aemit, ON_PERMISSION_DENIED, **arguments),
        )
    # Django's own, so that it looks like any other 404 of the API.
    raise Http404 if not_found else _error(call, blamed)


def _error(call: Call, blamed: Sequence[tuple[Literal, str]]) -> ApiError:
    """Return a 401 for nobody and a 403 for somebody.

    Whoever authentication let in without a name (``request.auth`` is True) gets a 403, because
    no other credentials would help.
    """
    request = call.request
    if principal_of(request, call.ctx) is None and getattr(request, "auth", None) is not True:
        callbacks = getattr(call.operation, "authentication", ()) or default_auth()
        return ApiError(
            401,
            "Authentication required.",
            code="not_authenticated",
            headers={"WWW-Authenticate": challenge(request, callbacks)},
        )
    for literal, _ in blamed:
        if literal.wanted:
            permission = literal.permission
            message = permission.message or "Permission denied."
            return ApiError(403, message, code=permission.code or "permission_denied")
    return ApiError(403, "Permission denied.", code="permission_denied")
