"""An audit trail that shows when it was tampered with.

The names are imported when they are used: DatabaseBackend needs its app to be installed.
"""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from ninja_boost_audit import AuditBackend as AuditBackend
    from ninja_boost_audit import AuditError as AuditError
    from ninja_boost_audit import AuditRouter as AuditRouter
    from ninja_boost_audit import DatabaseBackend as DatabaseBackend
    from ninja_boost_audit import LoggingBackend as LoggingBackend
    from ninja_boost_audit import MultiBackend as MultiBackend
    from ninja_boost_audit import Record as Record
    from ninja_boost_audit import aemit as aemit
    from ninja_boost_audit import annotate as annotate
    from ninja_boost_audit import audit_log as audit_log
    from ninja_boost_audit import emit as emit
    from ninja_boost_audit import statistics as statistics

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
