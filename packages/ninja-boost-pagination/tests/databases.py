"""The databases that are there, as Django knows them, and why the others are not."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit


def configure() -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return DATABASES, and the reason for each alias that is missing."""
    databases: dict[str, dict[str, Any]] = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    }
    missing: dict[str, str] = {}
    for alias, variable, default, connect in (
        ("postgresql", "POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres", _postgres),
        ("mariadb", "MARIADB_URL", "mysql://root@127.0.0.1:3306/", _mariadb),
    ):
        url = urlsplit(os.environ.get(variable, default))
        options = {
            "HOST": url.hostname or "127.0.0.1",
            "PORT": str(url.port or ""),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "NAME": url.path.strip("/"),
        }
        try:
            engine = connect(options)
        except Exception as exc:
            if os.environ.get("CI") == "true":
                raise
            missing[alias] = f"{alias} is not there ({type(exc).__name__}); set {variable}"
            continue
        test = {"NAME": f"test_ninja_boost_pagination_{os.getpid()}"}
        databases[alias] = {"ENGINE": engine, **options, "TEST": test}
    return databases, missing


def _postgres(options: dict[str, str]) -> str:
    import psycopg

    psycopg.connect(
        host=options["HOST"],
        port=options["PORT"] or 5432,
        user=options["USER"],
        password=options["PASSWORD"],
        dbname=options["NAME"] or "postgres",
        connect_timeout=15,
    ).close()
    return "django.db.backends.postgresql"


def _mariadb(options: dict[str, str]) -> str:
    import pymysql

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
    return "django.db.backends.mysql"
