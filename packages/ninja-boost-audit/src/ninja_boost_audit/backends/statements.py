"""The SQL of the database backend, for each kind of database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.timezone import make_naive

from ninja_boost_audit.chain import RECORD_COLUMNS, Head
from ninja_boost_audit.models import AuditRecord, AuditStream

__all__ = ["Statements", "lost_a_race"]


class Cursor(Protocol):
    """What the statements need of a database cursor."""

    def execute(self, sql: str, params: Any = None) -> Any: ...

    def fetchone(self) -> Any: ...


_HEAD = ("name", "sequence", "mac", "key_id", "seal")
_CASTS = {"BigIntegerField": "bigint", "SmallIntegerField": "smallint"}


class Statements:
    """Text and values of the statements for one connection.

    Attributes:
        lock_all: makes a transaction the only one that writes, where there are no row locks.
        skips_locked: whether a locked row can be passed over instead of waited for.
        advance: appends a record to a head that is as the caller remembers it and that nobody
            has locked, in one statement; None where the database has none for that.
    """

    _known: ClassVar[dict[tuple[str, str], Statements]] = {}

    @classmethod
    def of(cls, connection: BaseDatabaseWrapper) -> Statements:
        key = (connection.alias, connection.vendor)
        known = cls._known.get(key)
        if known is None:
            known = cls._known[key] = cls(connection)
        return known

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        quote = connection.ops.quote_name
        self.vendor: str = connection.vendor
        self.is_mariadb: bool = bool(getattr(connection, "mysql_is_mariadb", False))
        self.skips_locked: bool = connection.features.has_select_for_update_skip_locked
        # Not the connection, which is its thread's own.
        self.alias: str = connection.alias
        records = quote(AuditRecord._meta.db_table)
        heads: str = quote(AuditStream._meta.db_table)
        columns = ", ".join(map(quote, RECORD_COLUMNS))
        head: str = ", ".join(map(quote, _HEAD))
        name: str = quote("name")
        self.heads: str = heads
        self.records: str = records
        self.head: str = head
        self.name: str = name
        marks = ", ".join(["%s"] * len(RECORD_COLUMNS))
        moved = ", ".join(f"{quote(column)} = %s" for column in _HEAD[1:])

        self.probe: str = f"SELECT {name} FROM {heads} LIMIT 1"  # noqa: S608 - names of our own tables
        self.insert: str = f"INSERT INTO {records} ({columns}) VALUES ({marks})"  # noqa: S608
        self.move: str = f"UPDATE {heads} SET {moved} WHERE {name} = %s"  # noqa: S608
        self.select: str = f"SELECT {head} FROM {heads} WHERE {name} = %s"  # noqa: S608
        self.create: str = self._create()
        # On SQLite a transaction that begins by reading may be refused when it goes on to write,
        # while one that begins by writing waits for the others, up to the connection's timeout.
        lock = f"UPDATE {heads} SET mac = mac WHERE 1 = 0"  # noqa: S608
        self.lock_all: str | None = lock if self.vendor == "sqlite" else None
        self.advance: str | None = None
        if self.vendor == "postgresql":
            values = ", ".join(map(self._cast, RECORD_COLUMNS))
            # SELECT FOR UPDATE sees the row as it is when it has been locked, so of two writers
            # who remember the same head one finds it. The UPDATE and the INSERT happen together.
            self.advance = (
                f"WITH head AS (SELECT {name} FROM {heads} WHERE {name} = %s AND "  # noqa: S608
                f"sequence = %s AND mac = %s AND seal = %s FOR UPDATE SKIP LOCKED), "
                f"moved AS (UPDATE {heads} SET {moved} FROM head "
                f"WHERE {heads}.{name} = head.{name} RETURNING 1) "
                f"INSERT INTO {records} ({columns}) SELECT {values} FROM moved"
            )

    def count_heads(self, number: int) -> str:
        marks = ", ".join(["%s"] * number)
        return f"SELECT COUNT(*) FROM {self.heads} WHERE {self.name} IN ({marks})"  # noqa: S608

    def any_record(self, cursor: Cursor) -> bool:
        cursor.execute(f"SELECT 1 FROM {self.records} LIMIT 1")  # noqa: S608
        return cursor.fetchone() is not None

    def first_free(self, cursor: Cursor, names: Sequence[str]) -> Any:
        """Lock the first head that nobody else has locked, and return it; None if there is none."""
        for name in names if self.skips_locked else ():
            cursor.execute(f"{self.select} FOR UPDATE SKIP LOCKED", [name])
            if found := cursor.fetchone():
                return found
        return None

    def wait(self, cursor: Cursor, names: Sequence[str], seconds: float) -> Any:
        """Lock the first head that there is, waiting for it, and return it; None if none is."""
        if self.vendor == "postgresql":
            cursor.execute(
                "SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)",
                [f"{max(1, round(seconds * 1000))}ms"],
            )
            usual, _ = cursor.fetchone()
            found = self._wait(cursor, names, f"{self.select} FOR UPDATE")
            # What follows in a transaction of the project's is not ours to bound.
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [usual])
            return found
        if self.vendor == "sqlite":
            return self._wait(cursor, names, self.select)
        bound = f"SET STATEMENT innodb_lock_wait_timeout={max(1, round(seconds))} FOR "
        return self._wait(
            cursor, names, f"{bound if self.is_mariadb else ''}{self.select} FOR UPDATE"
        )

    def _wait(self, cursor: Cursor, names: Sequence[str], sql: str) -> Any:
        for name in names:
            cursor.execute(sql, [name])
            if found := cursor.fetchone():
                return found
        return None

    def row_values(self, row: Mapping[str, Any]) -> list[Any]:
        """Return a record's columns as the database takes them."""
        values = [row[column] for column in RECORD_COLUMNS]
        # A naive column is in UTC here, whatever TIME_ZONE is: local time is not reversible.
        moment = row["timestamp"]
        adapt = connections[self.alias].ops.adapt_datetimefield_value
        values[2] = adapt(moment if settings.USE_TZ else make_naive(moment, UTC))
        return values

    def head_values(self, head: Head) -> list[Any]:
        """Return what a head is moved to, and its name."""
        return [head.sequence, head.mac, head.key_id, head.seal, head.name]

    def _create(self) -> str:
        columns = ", ".join((self.head.partition(", ")[2], self.name))
        insert = f"INTO {self.heads} ({columns}) VALUES (%s, %s, %s, %s, %s)"
        if self.vendor == "mysql":
            return f"INSERT IGNORE {insert}"
        return f"INSERT {insert} ON CONFLICT DO NOTHING"

    @staticmethod
    def _cast(column: str) -> str:
        kind = AuditRecord._meta.get_field(column).get_internal_type()
        if kind == "DateTimeField":
            return f"CAST(%s AS {'timestamptz' if settings.USE_TZ else 'timestamp'})"
        return f"CAST(%s AS {_CASTS.get(kind, 'text')})"


def lost_a_race(error: Exception) -> bool:
    """Whether the database has rolled the transaction back in favour of another one."""
    # PostgreSQL: serialisation failure, deadlock. MariaDB and MySQL: deadlock, record changed.
    if getattr(error.__cause__, "sqlstate", None) in ("40001", "40P01"):
        return True
    return bool(error.args) and error.args[0] in (1213, 1020)
