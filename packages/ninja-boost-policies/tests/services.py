"""The databases that are there, as Django knows them, and why PostgreSQL is not."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

directories: list[Any] = []


def configure() -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return DATABASES, and the reason for each that is missing."""
    directory = tempfile.TemporaryDirectory(prefix="policies-")
    directories.append(directory)
    file = str(Path(directory.name) / "test.sqlite3")
    databases: dict[str, dict[str, Any]] = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": file,
            "OPTIONS": {"timeout": 30, "init_command": "PRAGMA synchronous=OFF"},
            "TEST": {"NAME": file},
        }
    }
    missing: dict[str, str] = {}
    url = os.environ.get("POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
    try:
        databases["postgresql"] = _postgres(url)
    except Exception as exc:
        if os.environ.get("CI") == "true":
            raise
        missing["postgresql"] = f"postgresql is not there ({type(exc).__name__}); set POSTGRES_URL"
    return databases, missing


def _postgres(url: str) -> dict[str, Any]:
    import psycopg

    parts = urlsplit(url)
    options = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": parts.hostname or "127.0.0.1",
        "PORT": str(parts.port or 5432),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "NAME": parts.path.strip("/") or "postgres",
        "TEST": {"NAME": f"test_ninja_boost_policies_{os.getpid()}"},
    }
    psycopg.connect(
        host=options["HOST"],
        port=options["PORT"],
        user=options["USER"],
        password=options["PASSWORD"],
        dbname=options["NAME"],
        connect_timeout=15,
    ).close()
    return options
