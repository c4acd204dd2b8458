"""The databases that are there, as Django knows them, and why one is not."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit


def configure() -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return DATABASES, and the reason for each alias that is missing."""
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    databases: dict[str, dict[str, Any]] = {"default": sqlite, "other": dict(sqlite)}
    url = urlsplit(os.environ.get("POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres"))
    options = {
        "HOST": url.hostname or "127.0.0.1",
        "PORT": str(url.port or ""),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "NAME": url.path.strip("/"),
    }
    try:
        _connect(options)
    except Exception as exc:
        if os.environ.get("CI") == "true":
            raise
        reason = f"postgresql is not there ({type(exc).__name__}); set POSTGRES_URL"
        return databases, {"postgresql": reason}
    test = {"NAME": f"test_ninja_boost_queries_{os.getpid()}"}
    databases["postgresql"] = {"ENGINE": "django.db.backends.postgresql", **options, "TEST": test}
    return databases, {}


def _connect(options: dict[str, str]) -> None:
    import psycopg

    psycopg.connect(
        host=options["HOST"],
        port=options["PORT"] or 5432,
        user=options["USER"],
        password=options["PASSWORD"],
        dbname=options["NAME"] or "postgres",
        connect_timeout=15,
    ).close()
