"""The seal of a segment, which is its tombstone after a purge."""

from __future__ import annotations

from typing import Any

from .keys import KeyRing
from .models import AuditSegment
from .records import timestamp_text

__all__ = ["is_authentic", "sign"]


def is_authentic(segment: AuditSegment, ring: KeyRing) -> bool:
    """Whether the seal, or tombstone, is what was signed."""
    return ring.verify(segment.key_id, _message(segment), segment.mac)


def _message(segment: AuditSegment) -> dict[str, Any]:
    return {
        "kind": "segment/1",
        "stream": segment.stream,
        "first": segment.first,
        "last": segment.last,
        "previous": segment.previous,
        "last_mac": segment.last_mac,
        "digest": segment.digest,
        "sealed_at": timestamp_text(segment.sealed_at),
        "purged_at": segment.purged_at and timestamp_text(segment.purged_at),
        "key_id": segment.key_id,
    }


def sign(segment: AuditSegment, ring: KeyRing) -> None:
    """Sign the segment as it is now."""
    segment.key_id = ring.current
    segment.mac = ring.sign(ring.current, _message(segment))
