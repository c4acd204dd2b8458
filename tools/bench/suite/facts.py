"""What a reader has to know of the machine; no name and no path of it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    *("django", "django-ninja", "ninja-boost-core", "django-modern-rest", "djangorestframework"),
    *("fastapi", "starlette", "litestar", "pydantic", "pydantic-core", "msgspec", "orjson"),
    *("pyjwt", "limits", "prometheus-client", "python-json-logger", "psycopg"),
    *("gunicorn", "uvicorn", "uvloop", "httptools"),
)


def facts() -> dict[str, str]:
    """Return interpreter, system, processors, their load, and the versions of all that counts."""
    found = {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} on {platform.machine()}",
        "processors": str(os.cpu_count()),
    }
    if hasattr(os, "getloadavg"):
        found["load at the start"] = f"{os.getloadavg()[0]:.1f}"
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
