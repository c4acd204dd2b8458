"""Transactions that do not see what has been committed since they began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connections

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

__all__ = ["reads_a_snapshot"]


def reads_a_snapshot() -> bool:
    """Whether the view has read rows as they were before its generations were.

    With ATOMIC_REQUESTS and an isolation above READ COMMITTED, authentication may have begun the
    snapshot, and a change that was committed and invalidated since is not in it.
    """
    return any(
        connection.settings_dict["ATOMIC_REQUESTS"]
        and connection.in_atomic_block
        and _is_snapshot(connection)
        for connection in connections.all(initialized_only=True)
    )


def _is_snapshot(connection: BaseDatabaseWrapper) -> bool:
    if connection.needs_rollback:
        return True  # what it read will never have been
    level: Any = getattr(connection, "isolation_level", None)
    if connection.vendor == "postgresql":
        return getattr(level, "name", None) not in ("READ_COMMITTED", "READ_UNCOMMITTED")
    if connection.vendor == "mysql":
        # None leaves it to the server, whose default is REPEATABLE READ.
        return level not in ("read committed", "read uncommitted")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode")
            return bool(cursor.fetchone()[0] == "wal")
    return False
