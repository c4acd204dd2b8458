"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Iterator

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.pings import Ping, PingFailed

from .backends.logs import LoggingBackend, logger
from .backends.opentelemetry import OpenTelemetryBackend
from .backends.prometheus import MULTIPROCESS, PrometheusBackend
from .backends.statsd import StatsDBackend
from .recording import current
from .settings import MetricsSettings

__all__ = ["find_pings"]

_PATIENCE = 0.2
"""Seconds within which a host says that nobody listens."""


def find_pings() -> Iterator[Ping]:
    """Yield one for the backend, if there is one."""
    backend = boost_settings.section(MetricsSettings).METRICS.resolve("BACKEND")
    if backend is None:
        return
    kind = backend if isinstance(backend, type) else type(backend)
    yield Ping(
        f"metrics: {kind.__name__}",
        _probe,
        "See to where METRICS sends; until then requests are served and not measured.",
    )


def _probe() -> str:
    """Make the backend, which looks up hosts and libraries, and ask what it stands on."""
    recorder = current()
    backend = None if recorder is None else recorder.backend
    if isinstance(backend, StatsDBackend):
        return _probe_statsd(backend)
    if isinstance(backend, PrometheusBackend):
        return _probe_prometheus(backend)
    if isinstance(backend, OpenTelemetryBackend):
        return _probe_opentelemetry()
    if isinstance(backend, LoggingBackend) and not logger.isEnabledFor(logging.INFO):
        raise PingFailed(
            f"The logger {logger.name!r} drops what is recorded.",
            f"Give {logger.name!r} the level INFO in LOGGING.",
        )
    return ""


def _probe_statsd(backend: StatsDBackend) -> str:
    """Send an empty packet, which no daemon minds, and see whether it comes back."""
    peer = backend._socket.getpeername()
    where = f"{peer[0]}:{peer[1]}"
    with socket.socket(backend._socket.family, socket.SOCK_DGRAM) as udp:
        udp.settimeout(_PATIENCE)
        udp.connect(peer)
        try:
            udp.send(b"")
            udp.recv(1)
        except TimeoutError:
            return f"{where}, where nobody confirms what comes by UDP"
        except ConnectionRefusedError:
            raise PingFailed(
                f"Nobody listens at {where}.",
                "Start the daemon, or correct METRICS.STATSD; until then metrics are lost.",
            ) from None
    return where


def _probe_prometheus(backend: PrometheusBackend) -> str:
    """Write where the processes share their metrics, and read what a scraper would."""
    directory = os.environ.get(MULTIPROCESS)
    if directory is not None:
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"boost_doctor")
    body, _ = backend.exposition("")
    if directory is None:
        return f"each process tells of its own, {MULTIPROCESS} is not set here"
    return f"{len(body)} bytes from {directory}"


def _probe_opentelemetry() -> str:
    import opentelemetry.metrics as api  # type: ignore[import-not-found]

    provider = type(api.get_meter_provider())
    if provider.__module__.startswith("opentelemetry.metrics"):
        return "no SDK is set up in this process, which therefore records nothing"
    return provider.__name__
