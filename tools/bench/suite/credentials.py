"""The key of all tokens here, and tokens of three callers."""

from __future__ import annotations

import logging
import time
from typing import Any

SECRET = "of-no-value-and-for-benchmarks-only-0123456789"  # noqa: S105
STAFF = {"sub": "user-7", "user_id": 7, "is_staff": True}
CUSTOMER = {"sub": "user-8", "user_id": 8, "is_staff": False}
ADDRESS = "192.0.2.1"
RATE = 10_000_000
"""Requests a minute: so many that nobody is refused, which is the usual case."""


def bearer(claims: dict[str, Any]) -> str:
    import jwt

    now = int(time.time())
    return "Bearer " + jwt.encode({**claims, "iat": now, "exp": now + 86400}, SECRET, "HS256")


class LastLine:
    """A stream that keeps the last line alone."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text

    def flush(self) -> None: ...


SINK = LastLine()


def log_to_sink(formatter: dict[str, Any]) -> dict[str, Any]:
    """Return LOGGING that writes all lines to SINK."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {
            "sink": {"class": "logging.StreamHandler", "stream": SINK, "formatter": "json"}
        },
        "root": {"handlers": ["sink"], "level": logging.INFO},
        "loggers": {"django": {"handlers": [], "propagate": True}},
    }
