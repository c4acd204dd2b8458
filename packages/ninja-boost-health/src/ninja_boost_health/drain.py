"""Draining: a host says of itself that it wants no more requests, before it is stopped.

A file tells all processes of the host or container. Processes that were started after it was
written are new ones, and take no notice.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import time
from pathlib import Path

from django.conf import settings

from ninja_boost_core.conf import boost_settings

from .settings import HealthSettings

__all__ = ["drain", "drain_file", "is_draining", "undrain"]

_started = time.time()
"""When this process was started, or the one that it was forked from."""


def drain_file() -> Path:
    """Return the file that says so."""
    path = boost_settings.section(HealthSettings).HEALTH.DRAIN_FILE
    if path is not None:
        return Path(path)
    project = f"{settings.SETTINGS_MODULE}:{getattr(settings, 'BASE_DIR', '')}"
    name = hashlib.sha256(project.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"ninja-boost-drain-{os.getuid()}-{name}"


def drain() -> Path:
    """Have every process that runs now answer "not ready"; return the file that tells them.

    Raises:
        OSError: if the file cannot be written.
    """
    path = drain_file()
    # A new file in its place, never through a link that somebody else has put there.
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"since": time.time()}, file)
    temporary.replace(path)
    return path


def undrain() -> bool:
    """Take that back; return whether there was something to take back."""
    try:
        drain_file().unlink()
    except FileNotFoundError:
        return False
    return True


def is_draining() -> bool:
    """Return whether this process has been told to drain."""
    path = drain_file()
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    # Anybody may write to a temporary directory: only our own user and root are believed.
    if not stat.S_ISREG(status.st_mode) or status.st_uid not in (os.geteuid(), 0):
        return False
    return status.st_mtime >= _started
