"""Metrics as UDP packets for StatsD, the Datadog agent and their kin."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, Self

from ninja_boost_core.problems import Misconfigured
from ninja_boost_metrics.series import (
    ACTIVE_REQUESTS,
    REQUEST_DURATION_MS,
    REQUEST_ERRORS_TOTAL,
    REQUEST_TOTAL,
    SEMANTIC_DURATION,
)

from .base import BaseMetricsBackend, RecordRequest

if TYPE_CHECKING:
    from ninja_boost_metrics.series import RequestSeries
    from ninja_boost_metrics.settings import MetricsOptions

__all__ = ["StatsDBackend"]

LARGEST_PACKET: Final = 1432
"""Bytes that pass an Ethernet with IPv6 in one piece."""

# What is allowed, not what is forbidden: "|", ":", ",", "#", "@" and the newline have a meaning.
_UNSAFE_TAG: Final = re.compile(r"[^A-Za-z0-9_./{}-]")
_UNSAFE_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+")


class StatsDBackend(BaseMetricsBackend):
    """Sends each recording over UDP; needs no library.

    A packet that cannot be sent at once is dropped, counted and logged: nothing ever waits. The
    four metrics of a request are one packet.

    In ``"dogstatsd"`` labels are tags, and ``http.server.request.duration`` is a distribution. In
    ``"statsd"``, which has no tags, the label values follow the name, and it is left out.
    ``active_requests`` is this process's own in ``"dogstatsd"`` (its tag is ``pid``) and the sum
    over all processes in ``"statsd"``, where each sends by how much it changed.

    Args:
        namespace: see BaseMetricsBackend.
        host: where the daemon listens; a name is looked up now.
        port: its UDP port.
        format: ``"dogstatsd"`` or ``"statsd"``.
        semantic_conventions: whether ``http.server.request.duration`` is sent.

    Raises:
        django.core.exceptions.ImproperlyConfigured: if the host is not known.
    """

    def __init__(
        self,
        namespace: str = "ninja_boost",
        *,
        host: str = "127.0.0.1",
        port: int = 8125,
        format: Literal["dogstatsd", "statsd"] = "dogstatsd",  # noqa: A002 - as the setting
        semantic_conventions: bool = True,
    ) -> None:
        super().__init__(namespace)
        self._has_tags = format == "dogstatsd"
        self._semantic = semantic_conventions and self._has_tags
        self._prefix = f"{namespace}." if namespace else ""
        self._socket = _connected(host, port)

    @classmethod
    def from_settings(cls, options: MetricsOptions) -> Self:
        """See BaseMetricsBackend."""
        return cls(
            namespace=options.NAMESPACE,
            host=options.STATSD.HOST,
            port=options.STATSD.PORT,
            format=options.STATSD.FORMAT,
            semantic_conventions=options.SEMANTIC_CONVENTIONS,
        )

    def increment(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """See BaseMetricsBackend."""
        self._send([self._line(name, labels)("c", value)])

    def gauge(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """See BaseMetricsBackend."""
        line = self._line(name, labels)
        # To StatsD a sign means a change.
        reset = [line("g", 0.0)] if value < 0 and not self._has_tags else []
        self._send([*reset, line("g", value)])

    def timing(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """See BaseMetricsBackend."""
        self._send([self._line(name, labels)("ms", value)])

    def active(self, change: int) -> None:
        """See BaseMetricsBackend."""
        if not self._has_tags:
            self._send([f"{self._prefix}{ACTIVE_REQUESTS}:{change:+d}|g"])
            return
        with self._active_lock:
            self._active += change
            active = self._active
        self.gauge(ACTIVE_REQUESTS, active, {"pid": str(os.getpid())})

    def request(self, series: RequestSeries) -> RecordRequest:
        """See BaseMetricsBackend."""
        count = self._line(REQUEST_TOTAL, series.counted)("c", 1.0)
        time = self._line(REQUEST_DURATION_MS, series.timed)
        lines = [count]
        if series.failed is not None:
            lines.append(self._line(REQUEST_ERRORS_TOTAL, series.failed)("c", 1.0))
        semantic = None
        if self._semantic:
            attributes = {key: str(value) for key, value in series.semantic.items()}
            semantic = self._line(SEMANTIC_DURATION, attributes, prefix="")

        def record(seconds: float, trace_id: str | None) -> None:
            timed = [time("ms", seconds * 1000.0)]
            if semantic is not None:
                timed.append(semantic("d", seconds))
            self._send([*lines, *timed])

        return record

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _line(self, name: str, labels: Mapping[str, str], prefix: str | None = None) -> _Line:
        full = f"{self._prefix if prefix is None else prefix}{name}"
        if not self._has_tags:
            parts = [_UNSAFE_NAME.sub("_", value).strip("_") or "none" for value in labels.values()]
            return _Line(".".join([full, *parts]), "")
        tags = ",".join(f"{key}:{_UNSAFE_TAG.sub('_', value)}" for key, value in labels.items())
        return _Line(full, f"|#{tags}" if tags else "")

    def _send(self, lines: Iterable[str]) -> None:
        for packet in packets(lines):
            self._socket.send(packet)


class _Line:
    """A name with its tags, to which kinds and values are added."""

    __slots__ = ("name", "tags")

    def __init__(self, name: str, tags: str) -> None:
        self.name = name
        self.tags = tags

    def __call__(self, kind: str, value: float) -> str:
        return f"{self.name}:{_plain(value)}|{kind}{self.tags}"


def packets(lines: Iterable[str]) -> list[bytes]:
    """Return ``lines`` as packets, in as few as their size allows."""
    found: list[bytes] = []
    for line in lines:
        encoded = line.encode("ascii")
        if found and len(found[-1]) + 1 + len(encoded) <= LARGEST_PACKET:
            found[-1] += b"\n" + encoded
        else:
            found.append(encoded)
    return found


def _plain(value: float) -> str:
    """Return a number without an exponent, which not every receiver reads."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _connected(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[
            0
        ]
    except OSError as error:
        raise Misconfigured(
            f"NINJA_BOOST: METRICS.STATSD.HOST is {host!r}, which is not known: {error}.",
            "Set METRICS.STATSD.HOST to the name or address of a host, such as '127.0.0.1'.",
        ) from error
    found = socket.socket(family, kind, protocol)
    found.setblocking(False)
    # Connected, so that a daemon that is not there is noticed, at the next packet.
    found.connect(address)
    return found
