"""What gunicorn's configuration file needs for metrics of several workers.

Needs no Django settings::

    # gunicorn.conf.py
    from ninja_boost_metrics.gunicorn import child_exit, on_starting
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

__all__ = ["child_exit", "on_starting"]

_MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"


def on_starting(server: Any) -> None:
    """Create ``PROMETHEUS_MULTIPROC_DIR``, and delete what a former run left in it.

    A master that takes over from a running one (USR2) deletes nothing.
    """
    directory = os.environ.get(_MULTIPROCESS)
    if not directory:
        return
    path = Path(directory)
    path.mkdir(parents=True, exist_ok=True)
    if "GUNICORN_PID" not in os.environ:
        for left in path.glob("*.db"):
            left.unlink(missing_ok=True)


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that is gone; what it counted stays counted."""
    directory = os.environ.get(_MULTIPROCESS)
    if not directory:
        return
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid, directory)  # type: ignore[no-untyped-call]
