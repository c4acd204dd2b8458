"""An audit trail that shows when it was tampered with.

The names are imported when they are used: DatabaseBackend needs its app to be installed.
"""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from ninja_boost_audit import (
        AuditBackend,
        AuditError,
        AuditRouter,
        DatabaseBackend,
        LoggingBackend,
        MultiBackend,
        Record,
        aemit,
        annotate,
        audit_log,
        emit,
        statistics,
    )

_HOMES = dict.fromkeys(
    (
        "AuditBackend",
        "AuditError",
        "AuditRouter",
        "DatabaseBackend",
        "LoggingBackend",
        "MultiBackend",
        "Record",
        "aemit",
        "annotate",
        "audit_log",
        "emit",
        "statistics",
    ),
    "ninja_boost_audit",
)

__all__ = [
    "AuditBackend",
    "AuditError",
    "AuditRouter",
    "DatabaseBackend",
    "LoggingBackend",
    "MultiBackend",
    "Record",
    "aemit",
    "annotate",
    "audit_log",
    "emit",
    "statistics",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
