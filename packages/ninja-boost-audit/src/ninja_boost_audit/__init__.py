"""A tamper-evident audit trail for Django Ninja: who did what, and proof of it."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from ._statistics import statistics as statistics
    from .backends.base import AuditBackend as AuditBackend
    from .backends.base import AuditError as AuditError
    from .backends.database import DatabaseBackend as DatabaseBackend
    from .backends.log import LoggingBackend as LoggingBackend
    from .backends.multi import MultiBackend as MultiBackend
    from .decorators import audit_log as audit_log
    from .emission import aemit as aemit
    from .emission import annotate as annotate
    from .emission import emit as emit
    from .records import Record as Record
    from .router import AuditRouter as AuditRouter

# The package stands in INSTALLED_APPS when records go to a database.
_HOMES = {
    "AuditBackend": "ninja_boost_audit.backends.base",
    "AuditError": "ninja_boost_audit.backends.base",
    "AuditRouter": "ninja_boost_audit.router",
    "DatabaseBackend": "ninja_boost_audit.backends.database",
    "LoggingBackend": "ninja_boost_audit.backends.log",
    "MultiBackend": "ninja_boost_audit.backends.multi",
    "Record": "ninja_boost_audit.records",
    "aemit": "ninja_boost_audit.emission",
    "annotate": "ninja_boost_audit.emission",
    "audit_log": "ninja_boost_audit.decorators",
    "emit": "ninja_boost_audit.emission",
    "statistics": "ninja_boost_audit._statistics",
}

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
