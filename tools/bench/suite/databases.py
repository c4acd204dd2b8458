"""The databases: made and filled once, read by all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .building import Database, configure

ENGINES = ("sqlite", "postgresql")
URL = "postgresql://postgres@127.0.0.1:5432/postgres"


class Missing(RuntimeError):
    """There is no such server; the text says why."""


def settings(engine: str, directory: Path, is_async: bool = False) -> Database:
    """Return the settings of a database.

    A sync worker keeps its connection. Under ASGI Django has a thread for each request, so
    connections of PostgreSQL come from Django's pool, and those of SQLite are opened anew. Nobody
    writes once the rows are there, so SQLite is told that the file is immutable: the system calls
    of its locks would be the same for all, and on some systems take longer than the query.
    """
    age: dict[str, Any] = {"CONN_MAX_AGE": 0 if is_async else None}
    if engine == "sqlite":
        file = directory / "bench.sqlite3"
        name = f"{file.as_uri()}?immutable=1"
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, **age}
    url = urlsplit(os.environ.get("POSTGRES_URL", URL))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": url.hostname or "127.0.0.1",
        "PORT": str(url.port or ""),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "NAME": f"ninja_boost_bench_{os.getpid()}",
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 4}} if is_async else {},
        **age,
    }


def fill(database: Database) -> None:
    """Make the tables and rows."""
    configure({**database, "NAME": database["NAME"].removesuffix("?immutable=1")})
    from .store.models import fill as fill_tables

    fill_tables()


def create(database: Database) -> None:
    configure(database)
    from django.db import connection

    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{database["NAME"]}"')


def drop(database: Database) -> None:
    configure(database)
    from django.db import connection

    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{database["NAME"]}" WITH (FORCE)')


def _elsewhere(context: Any, function: Any, database: Database) -> bool:
    process = context.Process(target=function, args=(database,))
    process.start()
    process.join(120)
    return bool(process.exitcode == 0)


@contextmanager
def prepared(engine: str, directory: Path, context: Any) -> Iterator[None]:
    """Have the database while the block runs.

    Raises:
        Missing: the server does not answer.
    """
    database = settings(engine, directory)
    if engine == "postgresql" and not _elsewhere(context, create, database):
        raise Missing("no PostgreSQL answers at POSTGRES_URL or the default port")
    try:
        if not _elsewhere(context, fill, database):
            raise RuntimeError(f"The rows could not be written to {engine}.")
        yield
    finally:
        if engine == "postgresql":
            _elsewhere(context, drop, database)
