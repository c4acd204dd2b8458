"""The databases that are there, as Django knows them, and why others are not."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

GIVEN = "JWT_TEST_DATABASES"
"""Environment variable with the names of the databases that a process shares with the tests."""
LOCK_TIMEOUT = {"init_command": "SET innodb_lock_wait_timeout=30"}


def configure() -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return DATABASES, and the reason for each service that is missing."""
    missing: dict[str, str] = {}
    databases = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            # Transactions as Django opens them by default, which is the harder case.
            "OPTIONS": {"timeout": 30, "init_command": "PRAGMA synchronous=OFF"},
        }
    }
    for alias, variable, default, connect in (
        ("postgresql", "POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres", _postgres),
        ("mariadb", "MARIADB_URL", "mysql://root@127.0.0.1:3306/", _mariadb),
    ):
        url = os.environ.get(variable, default)
        if options := _try(alias, variable, connect, url, missing):
            databases[alias] = options
    if GIVEN in os.environ:
        names = json.loads(os.environ[GIVEN])
        for alias, options in databases.items():
            options["NAME"] = names[alias]
        return databases, missing
    directory = tempfile.TemporaryDirectory(prefix="jwt-")
    directories.append(directory)
    file = str(Path(directory.name) / "test.sqlite3")
    for alias, options in databases.items():
        name = file if alias == "default" else f"test_ninja_boost_jwt_{os.getpid()}"
        options.setdefault("NAME", file)
        options["TEST"] = {"NAME": name}
    return databases, missing


directories: list[Any] = []


def _try(alias: str, variable: str, connect: Any, url: str, missing: dict[str, str]) -> Any:
    try:
        return connect(url)
    except Exception as exc:
        if os.environ.get("CI") == "true":
            raise
        missing[alias] = f"{alias} is not there ({type(exc).__name__}); set {variable}"
        return None


def _parts(engine: str, url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "ENGINE": f"django.db.backends.{engine}",
        "HOST": parts.hostname or "127.0.0.1",
        "PORT": str(parts.port or ""),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "NAME": parts.path.strip("/"),
    }


def _postgres(url: str) -> dict[str, Any]:
    import psycopg

    options = _parts("postgresql", url)
    psycopg.connect(
        host=options["HOST"],
        port=options["PORT"] or 5432,
        user=options["USER"],
        password=options["PASSWORD"],
        dbname=options["NAME"] or "postgres",
        connect_timeout=15,
    ).close()
    return options


def _mariadb(url: str) -> dict[str, Any]:
    import pymysql

    options = _parts("mysql", url)
    pymysql.connect(
        host=options["HOST"],
        port=int(options["PORT"] or 3306),
        user=options["USER"],
        password=options["PASSWORD"],
        connect_timeout=15,
    ).close()
    # Django asks for a version of mysqlclient; what it uses of it, PyMySQL has too.
    pymysql.version_info = (2, 2, 8, "final", 0)
    pymysql.install_as_MySQLdb()
    return {**options, "OPTIONS": LOCK_TIMEOUT}
