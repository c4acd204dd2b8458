"""``@audit_log``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ninja_boost_core import attach
from ninja_boost_core.views import attachment_of

from .drafts import Options
from .hooks import AuditHook, hook_for
from .records import LONGEST

__all__ = ["audit_log"]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def audit_log(
    action: str,
    *,
    resource: str | None = None,
    resource_id: Callable[..., Any] | None = None,
    snapshot: Callable[..., Any] | None = None,
    fail_closed: bool | None = None,
    transactional: bool = False,
) -> Callable[[ViewT], ViewT]:
    """Return a decorator that writes an audit record for each call of a view.

    Args:
        action: what the view does, such as "order.update".
        resource: what kind of thing it does it to, such as "order".
        resource_id: a callable that takes the view's keyword arguments and returns which one:
            ``lambda id, **kw: id``. Of a request that was refused before its arguments were
            validated, it gets the URL's.
        snapshot: a callable that takes the same and returns the resource as it is, a mapping,
            model instance, pydantic model or None. Asked before and after the view, it gives
            the record its ``changes``. May be async if the view is.
        fail_closed: whether the operation is refused with a 503 when its record cannot be
            written; None is the FAIL_CLOSED setting.
        transactional: open a transaction around the view, on the audit trail's database, so
            that its writes and its record are committed together or not at all. For sync views
            without ATOMIC_REQUESTS, which does the same.

    Raises:
        ValueError: if the action is empty or too long.
        TypeError: if the view has the decorator already, or an argument cannot be called.
    """
    if not isinstance(action, str):
        raise TypeError('Write @audit_log(action="order.update", resource="order").')
    if not 0 < len(action) <= LONGEST:
        raise ValueError(f"action={action!r:.80}: from 1 to {LONGEST} characters.")
    for name, value in (("resource_id", resource_id), ("snapshot", snapshot)):
        if value is not None and not callable(value):
            raise TypeError(
                f"{name}={value!r:.80} is no callable over the view's keyword arguments; write "
                f"{name}=lambda id, **kw: …"
            )
    options = Options(action, resource, resource_id, snapshot, fail_closed, transactional)

    def decorate(view: ViewT) -> ViewT:
        known = attachment_of(view)
        if known and any(isinstance(hook, AuditHook) for hook in known.hooks):
            raise TypeError(f"{view!r:.120} is audited already; keep one of the decorators.")
        return attach(hook_for(options))(view)

    return decorate
