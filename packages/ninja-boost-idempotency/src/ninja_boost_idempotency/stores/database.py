"""Keeps keys in a table, if asked within the transaction of the view's own writes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Func, Q, QuerySet
from django.db.utils import InterfaceError

from ninja_boost_core.problems import Misconfigured

from .base import Attempt, Record, Store, StoreError

__all__ = ["DatabaseStore", "ServerTime"]

T = TypeVar("T")

APP = "ninja_boost_idempotency"
ROUNDS = 5
"""How often a claim looks again when the row changes under its hands."""


class ServerTime(Func):
    """The database's clock, in whole Unix seconds; the process's own where it has none: SQLite."""

    output_field = BigIntegerField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        return "%s", [int(time.time())]

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return "CAST(EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) AS bigint)", []

    def as_mysql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return "UNIX_TIMESTAMP()", []


class DatabaseStore(Store):
    """Keeps keys and results in a table of the app ``ninja_boost_idempotency``.

    The unique key is the lock, and an expired lease is taken over by an UPDATE that names the
    token it found. On the database's clock, in whole seconds.

    Inside a transaction (ATOMIC_REQUESTS, or ``transactional=True``) key, result and the view's
    writes are committed together or not at all, so a crash leaves none of them and the key
    needs no lease: the database holds it for as long as the transaction lives. Who comes
    meanwhile is told so instead of waiting for the row: at once on PostgreSQL and MariaDB, on
    SQLite and MySQL after the connection's own lock timeout.

    Args:
        using: alias of the database.
        transactional: open a transaction around the view. What ends in an exception, or is not
            kept, is rolled back. For sync views only: Django has no transactions in async code.

    Raises:
        ImproperlyConfigured: the app is not installed, or there is no such database.
    """

    using: str

    def __init__(self, using: str = "default", *, transactional: bool = False) -> None:
        if using not in connections.settings:
            raise Misconfigured(
                f"DatabaseStore(using={using!r}): DATABASES has no such alias.",
                f"Give one of {', '.join(map(repr, connections))}.",
            )
        if not apps.is_installed(APP):
            raise Misconfigured(
                "DatabaseStore keeps its keys in a table, which is not there.",
                f"Add {APP!r} to INSTALLED_APPS and run migrate.",
            )
        self.using = using
        self.transactional = transactional

    def claim(self, name: str, attempt: Attempt) -> Record | None:
        return self._guarded(self._claim, name, attempt)

    async def aclaim(self, name: str, attempt: Attempt) -> Record | None:
        return await sync_to_async(self.claim)(name, attempt)

    def complete(self, name: str, attempt: Attempt, result: bytes) -> bool:
        return self._guarded(self._complete, name, attempt, result)

    async def acomplete(self, name: str, attempt: Attempt, result: bytes) -> bool:
        return await sync_to_async(self.complete)(name, attempt, result)

    def release(self, name: str, attempt: Attempt) -> bool:
        return self._guarded(self._release, name, attempt)

    async def arelease(self, name: str, attempt: Attempt) -> bool:
        return await sync_to_async(self.release)(name, attempt)

    def check(self) -> None:
        self._guarded(lambda: self._rows.filter(name="").exists())

    def purge(self, batch: int = 1000) -> Iterator[int]:
        """Delete what has expired, and yield the size of each batch that went.

        Args:
            batch: rows for each transaction.
        """
        expired = self._rows.filter(expires_at__lt=ServerTime())
        while names := list(expired.values_list("pk", flat=True)[:batch]):
            # A key may have been taken anew since it was read.
            deleted, _ = self._rows.filter(pk__in=names, expires_at__lt=ServerTime()).delete()
            yield deleted

    @property
    def _rows(self) -> QuerySet[Any]:
        manager = apps.get_model(APP, "IdempotencyKey")._default_manager
        rows: QuerySet[Any] = manager.using(self.using)
        return rows

    def _claim(self, name: str, attempt: Attempt) -> Record | None:
        connection = connections[self.using]
        if not connection.in_atomic_block:
            return self._contend(name, attempt)
        if connection.vendor == "postgresql" and not _lock(connection, name):
            return Record(None, None)
        # The savepoint keeps the transaction usable if the row is busy.
        with _never_waiting(connection), transaction.atomic(using=self.using):
            return self._contend(name, attempt)

    def _contend(self, name: str, attempt: Attempt) -> Record | None:
        for _ in range(ROUNDS):
            row = self._rows.model(name=name, **_fresh(attempt))
            self._rows.bulk_create([row], ignore_conflicts=True)
            found = (
                self._rows.filter(pk=name)
                .values_list("token", "fingerprint", "result", "lease_until", "expires_at")
                .annotate(now=ServerTime())
                .first()
            )
            if found is None:
                continue
            token, fingerprint, result, lease_until, expires_at, now = found
            if token == attempt.token:
                return None
            if result is not None and expires_at >= now:
                return Record(fingerprint, bytes(result))
            if result is None and lease_until >= now:
                return Record(fingerprint, None)
            if self._rows.filter(pk=name, token=token).update(**_fresh(attempt)):
                return None
        return Record(None, None)

    def _complete(self, name: str, attempt: Attempt, result: bytes) -> bool:
        mine = self._mine(name, attempt)
        return mine.update(result=result, expires_at=ServerTime() + math.ceil(attempt.ttl)) == 1

    def _release(self, name: str, attempt: Attempt) -> bool:
        return self._mine(name, attempt).delete()[0] == 1

    def _mine(self, name: str, attempt: Attempt) -> QuerySet[Any]:
        return self._rows.filter(Q(pk=name, token=attempt.token, result__isnull=True))

    def _guarded(self, function: Callable[..., T], *arguments: Any) -> T:
        try:
            return function(*arguments)
        except (DatabaseError, InterfaceError) as error:
            if function == self._claim and _is_contention(error):
                # Somebody is at the row right now.
                return Record(None, None)  # type: ignore[return-value]
            raise StoreError(
                f"The database {self.using!r} failed: {type(error).__name__}: {error}"
            ) from error


def _fresh(attempt: Attempt) -> dict[str, Any]:
    lease, ttl = math.ceil(attempt.lease), math.ceil(attempt.ttl)
    return {
        "token": attempt.token,
        "fingerprint": attempt.fingerprint,
        "result": None,
        "lease_until": ServerTime() + lease,
        "expires_at": ServerTime() + lease + ttl,
    }


def _lock(connection: BaseDatabaseWrapper, name: str) -> bool:
    """Take PostgreSQL's advisory lock of the key until the transaction ends, if it is free.

    An INSERT would wait for another transaction that has inserted the key.
    """
    number = int.from_bytes(bytes.fromhex(name)[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


@contextmanager
def _never_waiting(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Have MariaDB refuse a busy row instead of waiting for it."""
    if not getattr(connection, "mysql_is_mariadb", False):
        yield
        return

    def execute(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE")):
            sql = f"SET STATEMENT innodb_lock_wait_timeout=0 FOR {sql}"
        return execute(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield


def _is_contention(error: Exception) -> bool:
    """Whether the error says that another transaction has the row."""
    cause = error.__cause__
    # PostgreSQL: serialisation failure, deadlock, lock not available.
    if getattr(cause, "sqlstate", None) in ("40001", "40P01", "55P03"):
        return True
    # MariaDB and MySQL: lock wait timeout, deadlock, record changed, no wait.
    if error.args and error.args[0] in (1205, 1213, 1020, 3572):
        return True
    return "is locked" in str(error)
