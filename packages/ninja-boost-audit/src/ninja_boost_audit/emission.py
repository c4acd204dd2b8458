"""Records without a decorator, and what a view adds to its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ninja_boost_core.client_address import client_address
from ninja_boost_core.steps import Steps, arun, run
from ninja_boost_core.views import current_call

from .actors import actor_of
from .backends.current import configured_backend
from .changes import difference, plain_members
from .drafts import ANNOTATION, Annotation
from .records import OUTCOMES, Outcome, Record, clean_text
from .settings import current_options
from .writing import put

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["aemit", "annotate", "emit"]


def emit(
    action: str,
    *,
    resource: str | None = None,
    resource_id: Any = None,
    outcome: Outcome = "success",
    actor: Any = None,
    request: HttpRequest | None = None,
    before: Any = None,
    after: Any = None,
    details: Mapping[str, Any] | None = None,
    fail_closed: bool | None = None,
) -> None:
    """Write an audit record.

    It joins the transaction that is open on the audit trail's database; the record of something
    that is going to be rolled back is best written afterwards.

    Args:
        action: what was done.
        resource: to what kind of thing.
        resource_id: to which one.
        outcome: "success", "denied", "failure" or "error".
        actor: who did it: a user, what authentication returned, or an id. None is that of the
            request.
        request: gives the address, the trace id and the actor.
        before: the resource before, and
        after: afterwards, for the difference: a mapping, model instance, pydantic model or
            dataclass; None for none.
        details: more.
        fail_closed: whether to raise if the record cannot be written; None is the setting.

    Raises:
        AuditError: the record could not be written, and ``fail_closed``.
        ValueError: for an unknown outcome or an action that is empty.
    """
    record = _record(action, resource, resource_id, outcome, actor, request, before, after, details)
    run(_emission(record, fail_closed))


async def aemit(
    action: str,
    *,
    resource: str | None = None,
    resource_id: Any = None,
    outcome: Outcome = "success",
    actor: Any = None,
    request: HttpRequest | None = None,
    before: Any = None,
    after: Any = None,
    details: Mapping[str, Any] | None = None,
    fail_closed: bool | None = None,
) -> None:
    """``emit`` for async code."""
    record = _record(action, resource, resource_id, outcome, actor, request, before, after, details)
    await arun(_emission(record, fail_closed))


def annotate(
    request: HttpRequest,
    *,
    resource_id: Any = None,
    before: Any = None,
    after: Any = None,
    **details: Any,
) -> None:
    """Add to the record of the operation that is running; without effect if it is not audited.

    Args:
        request: the request of the operation.
        resource_id: which resource it was, if only the view knows.
        before: see ``emit``; with ``after``, in the place of a ``snapshot``.
        after: see ``emit``.
        details: more.

    Raises:
        RuntimeError: no operation or decorated function is running for the request.
    """
    call = current_call(request)
    if call is None:
        raise RuntimeError("annotate() is for the view of an operation; elsewhere use emit().")
    annotation: Annotation = call.state.setdefault(ANNOTATION, Annotation())
    if resource_id is not None:
        annotation.resource_id = clean_text(resource_id)
    if before is not None or after is not None:
        # Now, because a model instance may go on to change.
        annotation.changes = {**(annotation.changes or {}), **difference(before, after)}
    annotation.details.update(plain_members(details))


def _record(
    action: str,
    resource: str | None,
    resource_id: Any,
    outcome: Outcome,
    actor: Any,
    request: HttpRequest | None,
    before: Any,
    after: Any,
    details: Mapping[str, Any] | None,
) -> Record:
    if not action:
        raise ValueError("An audit record needs an action.")
    if outcome not in OUTCOMES:
        raise ValueError(f"outcome={outcome!r:.40}: one of {', '.join(OUTCOMES)}.")
    if actor is None and request is not None:
        actor = getattr(request, "auth", None)
    more = plain_members(details or {})
    if before is not None or after is not None:
        more["changes"] = difference(before, after)
    return Record(
        actor_id=actor_of(actor),
        action=clean_text(action) or "",
        resource=clean_text(resource),
        resource_id=clean_text(resource_id),
        outcome=outcome,
        ip=None if request is None else client_address(request),
        trace_id=None if request is None else clean_text(getattr(request, "trace_id", None)),
        details=more,
    )


def _emission(record: Record, fail_closed: bool | None) -> Steps[None]:
    failed = yield from put(configured_backend(), record)
    closed = current_options().FAIL_CLOSED if fail_closed is None else fail_closed
    if failed is not None and closed:
        raise failed
