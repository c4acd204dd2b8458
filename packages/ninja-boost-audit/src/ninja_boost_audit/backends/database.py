"""Writes records to a table, as links of chains."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from django.apps import apps
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import InterfaceError

from ninja_boost_audit.chain import Head, link, stream_names
from ninja_boost_audit.keys import KeyRing, key_ring
from ninja_boost_audit.records import Record
from ninja_boost_audit.settings import AuditOptions, current_options
from ninja_boost_core.problems import Misconfigured

from .base import AuditBackend, AuditError
from .statements import Statements, lost_a_race

__all__ = ["DatabaseBackend"]

APP = "ninja_boost_audit"
RETRIES = 3
"""How often a transaction of our own is tried, if another one makes it fail."""


class DatabaseBackend(AuditBackend):
    """Keeps records in a table of the app ``ninja_boost_audit``.

    A record joins the transaction that is open on its database, and is committed or rolled back
    with it; elsewhere it has one of its own. The head of a stream is locked until then. A writer
    never waits for one that is busy while another is free, so there are several streams, each
    without gaps and in the order of its commits. Across streams the timestamps tell the order.

    Args:
        using: alias of the database.
        stream: what the names of the streams begin with.
        streams: how many there are. One puts all records into one order, and lets one
            transaction at a time write.

    Raises:
        ImproperlyConfigured: the app is not installed, or there is no such database.
    """

    def __init__(self, using: str = "default", *, stream: str = "main", streams: int = 16) -> None:
        if using not in connections.settings:
            raise Misconfigured(
                f"NINJA_BOOST: AUDIT.DATABASE is {using!r}, and DATABASES has no such alias.",
                f"Set AUDIT.DATABASE to one of {', '.join(map(repr, connections))}.",
            )
        if not apps.is_installed(APP):
            raise Misconfigured(
                "DatabaseBackend keeps records in tables, which are not there.",
                f"Add {APP!r} to INSTALLED_APPS and run migrate.",
            )
        self.using: str = using
        self.aliases: frozenset[str] = frozenset((using,))
        self.names: tuple[str, ...] = stream_names(stream, streams)
        self._created = False
        # What this thread wrote last, so that it can go on without asking; see _advance.
        self._last = threading.local()

    @classmethod
    def from_settings(cls, options: AuditOptions) -> Self:
        return cls(options.DATABASE, stream=options.STREAM, streams=options.STREAMS)

    def check_configuration(self) -> None:
        key_ring()

    def write(self, record: Record) -> None:
        ring = key_ring()
        with self._guarded():
            if connections[self.using].in_atomic_block:
                # A savepoint: what fails here must not break the project's transaction.
                with transaction.atomic(using=self.using):
                    self._write(record, ring)
                return
            for left in reversed(range(RETRIES)):
                try:
                    self._write(record, ring)
                except DatabaseError as error:
                    if not (left and lost_a_race(error)):
                        raise
                else:
                    return

    def check(self) -> None:
        with self._guarded(), connections[self.using].cursor() as cursor:
            cursor.execute(self._statements.probe)

    @property
    def _statements(self) -> Statements:
        return Statements.of(connections[self.using])

    def _write(self, record: Record, ring: KeyRing) -> None:
        connection = connections[self.using]
        statements = Statements.of(connection)
        head: Head | None = getattr(self._last, "head", None)
        if head is not None and self._advance(connection, statements, record, head, ring):
            return
        with transaction.atomic(using=self.using, savepoint=False):
            head = self._locked_head(connection, statements, ring)
            row, following = link(record, head, ring)
            with connection.cursor() as cursor:
                cursor.execute(statements.insert, statements.row_values(row))
                cursor.execute(statements.move, statements.head_values(following))
        self._last.head = following

    def _advance(
        self,
        connection: BaseDatabaseWrapper,
        statements: Statements,
        record: Record,
        head: Head,
        ring: KeyRing,
    ) -> bool:
        """Append to the head that this thread left, in one statement, if it is there as it was.

        False if it has moved, or somebody has it locked. A head that a rollback took back is a
        head that has moved. Outside any block the statement is a transaction by itself.
        """
        if statements.advance is None:
            return False
        row, following = link(record, head, ring)
        with connection.cursor() as cursor:
            cursor.execute(
                statements.advance,
                [
                    *(head.name, head.sequence, head.mac, head.seal),
                    *(following.sequence, following.mac, following.key_id, following.seal),
                    *statements.row_values(row),
                ],
            )
            advanced = bool(cursor.rowcount == 1)
        self._last.head = following if advanced else None
        return advanced

    def _locked_head(
        self, connection: BaseDatabaseWrapper, statements: Statements, ring: KeyRing
    ) -> Head:
        """Lock a stream that is free, or else wait for one, and return its head."""
        names = self._names_by_preference()
        with connection.cursor() as cursor:
            if statements.lock_all is not None:
                cursor.execute(statements.lock_all)
            self._create_heads(cursor, statements, ring)
            found = self._free_or_awaited(cursor, statements, names)
            if found is None and self._created and not statements.any_record(cursor):
                # A transaction that was rolled back, such as a test's, has taken them along.
                self._created = False
                self._create_heads(cursor, statements, ring)
                found = self._free_or_awaited(cursor, statements, names)
        if found is None:
            raise AuditError(f"No audit stream of {names} has a head any more: run audit_verify.")
        head = Head(*found)
        if not head.is_authentic(ring):
            # To go on would seal what somebody else has put there.
            raise AuditError(
                f"The head of the audit stream {head.name!r} has been tampered with, or signed "
                f"with a key that is not in KEYS ({head.key_id!r}): run audit_verify."
            )
        return head

    @staticmethod
    def _free_or_awaited(cursor: Any, statements: Statements, names: tuple[str, ...]) -> Any:
        found = statements.first_free(cursor, names)
        if found is None:
            # They are all busy, or there is no way to tell.
            found = statements.wait(cursor, names, current_options().LOCK_TIMEOUT)
        return found

    def _names_by_preference(self) -> tuple[str, ...]:
        """Start each thread of each process at a stream of its own, as far as they go."""
        start = threading.get_native_id() % len(self.names)
        return self.names[start:] + self.names[:start]

    def _create_heads(self, cursor: Any, statements: Statements, ring: KeyRing) -> None:
        """Create all streams when the first record is written; together, so that a lost one shows.

        A stream that is lost later is not made again, which would hide the loss.
        """
        if self._created:
            return
        cursor.execute(statements.count_heads(len(self.names)), list(self.names))
        there = cursor.fetchone()[0]
        if there == 0:
            for name in self.names:
                values = statements.head_values(Head.sealed(ring, name))
                cursor.execute(statements.create, values)
        # If the transaction is rolled back, the next one has to look again.
        self._created = there > 0

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (DatabaseError, InterfaceError) as error:
            raise AuditError(
                f"The database {self.using!r} failed: {type(error).__name__}: {error}"
            ) from error
