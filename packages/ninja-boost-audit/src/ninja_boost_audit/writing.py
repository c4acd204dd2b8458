"""Writing a record, and what a failure means."""

from __future__ import annotations

import logging
from functools import partial

from ninja_boost_core import ApiError
from ninja_boost_core.steps import Do, Steps

from ._statistics import count
from .backends.base import AuditBackend, AuditError
from .records import Record

__all__ = ["lost", "put", "unavailable"]

logger: logging.Logger = logging.getLogger("ninja_boost.audit")


def put(backend: AuditBackend, record: Record) -> Steps[AuditError | None]:
    """Write a record; return the error if that failed, which has been logged and counted."""
    try:
        yield Do(partial(backend.write, record), partial(backend.awrite, record))
    except AuditError as error:
        lost(error, record)
        return error
    except Exception as error:  # noqa: BLE001 - a project's own backend may raise anything
        wrapped = AuditError(f"{type(backend).__name__} failed: {type(error).__name__}: {error}")
        wrapped.__cause__ = error
        lost(wrapped, record)
        return wrapped
    count("written")
    return None


def lost(error: AuditError, record: Record) -> None:
    """Log and count a record that was not written; of what it says, only the action and outcome."""
    count("failed")
    logger.error(
        "An audit record was not written (%s, %s): %s",
        record.action,
        record.outcome,
        error,
        extra={"audit_action": record.action, "audit_outcome": record.outcome},
    )


def unavailable() -> ApiError:
    """Return the refusal of an operation whose record cannot be written, and count it."""
    count("refused")
    return ApiError(
        503,
        "The audit record cannot be written at the moment. Try again later.",
        code="audit_unavailable",
        headers={"Retry-After": "1"},
    )
