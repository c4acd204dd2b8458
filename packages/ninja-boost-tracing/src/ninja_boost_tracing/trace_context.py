"""The trace context of one request, and its text form in headers.

Follows W3C Trace Context (https://www.w3.org/TR/trace-context-2/), which is level 1 with one
more flag. Everything here is pure, except that new ids come from the system's random source.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["TraceContext", "continue_trace"]

SAMPLED = 0x01
RANDOM = 0x02
"""The right-most seven bytes of the trace id are random (level 2)."""

TRACESTATE_MEMBERS = 32
TRACESTATE_LENGTH = 512
LONG_MEMBER = 128
"""A longer member is the first to go when the list has to be cut."""

_NO_TRACE_ID = "0" * 32
_NO_SPAN_ID = "0" * 16
_VERSION_00_LENGTH = 55
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_STATE_MEMBER = re.compile(
    r"(?P<key>[a-z0-9][a-z0-9_\-*/@]{0,255})"
    r"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:=+/@\-]{1,128}")


class TraceContext(NamedTuple):
    """Where one request stands in a distributed trace.

    Attributes:
        trace_id: 32 hexadecimal digits, the same for every hop of the trace.
        span_id: 16 hexadecimal digits that stand for the work of this server.
        flags: ``SAMPLED`` and ``RANDOM`` of the standard, as an integer.
        request_id: what a trusted peer calls the request, else the trace id.
        tracestate: what other tracing systems keep with the trace, if anything.
        parent_id: the caller's span id, if the trace was continued.
    """

    trace_id: str
    span_id: str
    flags: int
    request_id: str
    tracestate: str | None = None
    parent_id: str | None = None

    @property
    def sampled(self) -> bool:
        """Whether the caller may have recorded the trace."""
        return bool(self.flags & SAMPLED)

    @property
    def traceparent(self) -> str:
        """The ``traceparent`` header that names this server's span as the parent."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


class Parent(NamedTuple):
    """What a valid ``traceparent`` header says."""

    trace_id: str
    parent_id: str
    flags: int


def continue_trace(
    inbound: Mapping[str, str], *, known: str | None = None, sampled: bool = False
) -> TraceContext:
    """Return the context of a request.

    Args:
        inbound: the values of ``traceparent``, ``tracestate``, ``x-trace-id`` and
            ``x-request-id`` that a trusted peer sent; nothing for any other peer.
        known: the trace id that another middleware gave the request already.
        sampled: whether a trace that begins here is flagged as sampled.
    """
    new_trace_id, new_span_id = _new_ids()
    if not inbound and known is None:
        flags = RANDOM | SAMPLED if sampled else RANDOM
        return TraceContext(new_trace_id, new_span_id, flags, new_trace_id)
    request_id = _request_id(inbound.get("x-request-id"))
    parent = _parse_traceparent(inbound.get("traceparent"))
    trace_id = _as_trace_id(known)
    if parent is not None and trace_id in (None, parent.trace_id):
        return TraceContext(
            parent.trace_id,
            new_span_id,
            parent.flags,
            request_id or parent.trace_id,
            _parse_tracestate(inbound.get("tracestate")),
            parent.parent_id,
        )
    flags = SAMPLED if sampled else 0
    trace_id = trace_id or _as_trace_id(inbound.get("x-trace-id")) or _as_trace_id(request_id)
    if trace_id is None:
        trace_id = new_trace_id
        flags |= RANDOM
    return TraceContext(trace_id, new_span_id, flags, request_id or trace_id)


def _new_ids() -> tuple[str, str]:
    """Return a random trace id and span id; the standard forbids those that are all zero."""
    while True:
        digits = os.urandom(24).hex()
        trace_id, span_id = digits[:32], digits[32:]
        if trace_id != _NO_TRACE_ID and span_id != _NO_SPAN_ID:
            return trace_id, span_id


def _parse_traceparent(value: str | None) -> Parent | None:
    """Return what a ``traceparent`` header says, or None if it is to be ignored.

    A version above 00 is read by its prefix, as the standard demands of the versions to come.
    """
    if value is None:
        return None
    value = value.strip(" \t")
    match = _TRACEPARENT.fullmatch(value)
    if match is None:
        return None
    version, trace_id, parent_id, flags, _ = match.groups()
    if version == "ff" or (version == "00" and len(value) != _VERSION_00_LENGTH):
        return None
    if not int(trace_id, 16) or not int(parent_id, 16):
        return None
    return Parent(trace_id, parent_id, int(flags, 16) & (SAMPLED | RANDOM))


def _parse_tracestate(value: str | None) -> str | None:
    """Return the ``tracestate`` header in a bounded form; None if it is invalid or empty."""
    if value is None:
        return None
    members = [item for part in value.split(",") if (item := part.strip(" \t"))]
    if not members or len(members) > TRACESTATE_MEMBERS:
        return None
    seen: set[str] = set()
    for member in members:
        match = _STATE_MEMBER.fullmatch(member)
        if match is None or match["key"] in seen:
            return None
        seen.add(match["key"])
    return ",".join(_cut(members)) or None


def _cut(members: list[str]) -> list[str]:
    """Drop members until the list fits: the long ones first, then from the right."""
    excess = sum(len(member) + 1 for member in members) - 1 - TRACESTATE_LENGTH
    for drop_long in (True, False):
        for index in range(len(members) - 1, -1, -1):
            if excess <= 0:
                return members
            if not drop_long or len(members[index]) > LONG_MEMBER:
                excess -= len(members[index]) + 1
                members = members[:index] + members[index + 1 :]
    return members


def _as_trace_id(value: str | None) -> str | None:
    """Return the trace id that a plain id stands for: 32 hexadecimal digits, or a UUID."""
    if not isinstance(value, str):
        return None
    value = value.strip(" \t").lower()
    if _UUID.fullmatch(value):
        value = value.replace("-", "")
    if _TRACE_ID.fullmatch(value) is None or not int(value, 16):
        return None
    return value


def _request_id(value: str | None) -> str | None:
    if value is None:
        return None
    value = value.strip(" \t")
    return value if _REQUEST_ID.fullmatch(value) else None
