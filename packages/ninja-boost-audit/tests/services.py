"""The databases that are there, as Django knows them, and why others are not."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

GIVEN = "AUDIT_TEST_DATABASES"
"""Environment variable with the names of the databases that a process shares with the tests."""

directories: list[Any] = []


def configure() -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return DATABASES, and the reason for each service that is missing."""
    missing: dict[str, str] = {}
    databases: dict[str, dict[str, Any]] = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            # Tests kill processes, but never the machine.
            "OPTIONS": {"timeout": 30, "init_command": "PRAGMA synchronous=OFF"},
        }
    }
    for alias, variable, default, connect in (
        ("postgresql", "POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres", _postgres),
        ("mariadb", "MARIADB_URL", "mysql://root@127.0.0.1:3306/", _mariadb),
    ):
        try:
            databases[alias] = connect(os.environ.get(variable, default))
        except Exception as exc:
            if os.environ.get("CI") == "true":
                raise
            missing[alias] = f"{alias} is not there ({type(exc).__name__}); set {variable}"
    if GIVEN in os.environ:
        names = json.loads(os.environ[GIVEN])
        for alias, options in databases.items():
            options["NAME"] = names[alias]
        return databases, missing
    directory = tempfile.TemporaryDirectory(prefix="audit-")
    directories.append(directory)
    file = str(Path(directory.name) / "test.sqlite3")
    for alias, options in databases.items():
        name = file if alias == "default" else f"test_ninja_boost_audit_{os.getpid()}"
        options.setdefault("NAME", file)
        options["TEST"] = {"NAME": name}
    return databases, missing


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
    return {**options, "OPTIONS": {"options": "-c synchronous_commit=off"}}


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
    return {**options, "OPTIONS": {"init_command": "SET innodb_lock_wait_timeout=30"}}
