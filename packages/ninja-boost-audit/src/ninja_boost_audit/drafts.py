"""What the record of a call says."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404
from ninja.errors import HttpError, ValidationError

from ninja_boost_core import Call
from ninja_boost_core.client_address import client_address

from .actors import actor_of
from .changes import plain_members
from .records import Record, clean_text, outcome_of

__all__ = [
    "ANNOTATION",
    "Annotation",
    "Options",
    "Passage",
    "actor_in",
    "call_with",
    "draft",
    "status_of",
]

logger: logging.Logger = logging.getLogger("ninja_boost.audit")

ANNOTATION = "ninja_boost_audit.annotation"
"""Key of ``Call.state`` under which a view's own words for its record are."""


@dataclass(frozen=True, slots=True)
class Options:
    """The arguments of ``audit_log``.

    An ``action`` of None is the method and the route, with the route as the resource and the
    path's parameters as its id.
    """

    action: str | None = None
    resource: str | None = None
    resource_id: Callable[..., Any] | None = None
    snapshot: Callable[..., Any] | None = None
    fail_closed: bool | None = None
    transactional: bool = False


@dataclass(slots=True)
class Annotation:
    """What a view says about its record, as the record can hold it."""

    resource_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] | None = None


@dataclass(slots=True)
class Passage:
    """What the hook keeps of one call."""

    actor_id: int | str | None = None
    before: Any = None
    changes: dict[str, Any] | None = None
    transaction: ExitStack | None = None


def draft(call: Call, options: Options, passage: Passage) -> Record:
    """Return the record of a call as it is now; nothing that the project gave can make it fail."""
    request = call.request
    status = status_of(call)
    annotation: Annotation | None = call.state.get(ANNOTATION)
    outcome = outcome_of(status)
    template = call.route
    route = f"{request.method} {template}" if template else None
    details = {} if annotation is None else dict(annotation.details)
    if route and options.action is not None:
        details["route"] = route
    if outcome == "success" and not call.entered_view:
        # A stored response: the operation itself did not run again.
        details["entered"] = False
    if outcome == "error" and call.error is not None:
        # Not its text, which may hold what must not be stored.
        details["error"] = type(call.error).__name__
    if outcome == "success":
        said = None if annotation is None else annotation.changes
        changes = passage.changes if said is None else said
        if changes is not None:
            details["changes"] = changes
    return Record(
        actor_id=passage.actor_id,
        action=clean_text(options.action or route or "direct call") or "",
        resource=clean_text(template if options.action is None else options.resource),
        resource_id=_resource_id(call, options, annotation),
        outcome=outcome,
        ip=client_address(request),
        trace_id=clean_text(getattr(request, "trace_id", None)),
        status=status,
        details=details,
    )


def _resource_id(call: Call, options: Options, annotation: Annotation | None) -> str | None:
    if annotation is not None and annotation.resource_id is not None:
        return annotation.resource_id
    values = call.values or call.path_params
    name = options.resource_id
    if name is not None:
        try:
            return clean_text(call_with(name, values))
        except Exception:
            # A request that was refused may lack what the callable needs.
            if call.values:
                logger.exception("audit_log(resource_id=) failed for %s.", options.action)
            return None
    if options.action is not None:
        return None
    path = plain_members({key: values.get(key) for key in call.path_params})
    if len(path) == 1:
        return clean_text(next(iter(path.values())))
    return clean_text(",".join(f"{key}={value}" for key, value in path.items()) or None)


def call_with(function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    """Call ``function`` with those of the view's keyword arguments that it takes."""
    parameters = inspect.signature(function).parameters.values()
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return function(**values)
    return function(**{p.name: values[p.name] for p in parameters if p.name in values})


def actor_in(call: Call) -> int | str | None:
    """Return who the caller is, as far as is known by now."""
    actor = actor_of(getattr(call.request, "auth", None))
    return actor_of(call.ctx.get("user")) if actor is None else actor


def status_of(call: Call) -> int | None:
    """Return the HTTP status that a call has come to; None if it just returned a value."""
    if call.response is not None:
        return call.response.status_code
    error = call.error
    if error is None:
        return None
    if isinstance(error, HttpError):
        return error.status_code
    if not isinstance(error, Exception):
        return 499  # cancelled, as by a client that left
    for kinds, status in _STATUSES:
        if isinstance(error, kinds):
            return status
    return 500


_STATUSES: tuple[tuple[Any, int], ...] = (
    (PermissionDenied, 403),
    (Http404, 404),
    (ValidationError, 422),
    ((SuspiciousOperation, BadRequest), 400),
)
