"""What is signed, and how the rows of a stream hang together.

Every stream is a chain: record n holds the MAC of record n-1, and its own MAC covers that and all
its fields. The head of a stream says where the chain ends, and is sealed by a MAC of its own.
Each message begins with its kind, so that none can pass for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .canonical import canonical_json
from .keys import KeyRing
from .records import Record, timestamp_text

__all__ = [
    "GENESIS",
    "RECORD_COLUMNS",
    "Head",
    "family_of",
    "head_message",
    "link",
    "record_message",
    "stream_names",
]

GENESIS = "0" * 64
"""What the first record of a stream has for the MAC of the record before."""

RECORD_COLUMNS = (
    "stream",
    "sequence",
    "timestamp",
    "actor_id",
    "action",
    "resource",
    "resource_id",
    "outcome",
    "status",
    "ip",
    "trace_id",
    "details",
    "previous",
    "key_id",
    "mac",
)
"""The columns of a record, all of which are signed but the MAC itself."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a stream.

    Attributes:
        name: the stream.
        sequence: number of its last record; 0 for none.
        mac: that of the last record.
        key_id: the key of the seal.
        seal: MAC of the head.
    """

    name: str
    sequence: int
    mac: str
    key_id: str
    seal: str

    @classmethod
    def sealed(cls, ring: KeyRing, name: str, sequence: int = 0, mac: str = GENESIS) -> Head:
        message = head_message(name, sequence, mac, ring.current)
        return cls(name, sequence, mac, ring.current, ring.sign(ring.current, message))

    def is_authentic(self, ring: KeyRing) -> bool:
        message = head_message(self.name, self.sequence, self.mac, self.key_id)
        return ring.verify(self.key_id, message, self.seal)


def head_message(name: str, sequence: int, mac: str, key_id: str) -> dict[str, Any]:
    return {"kind": "head/1", "name": name, "sequence": sequence, "mac": mac, "key_id": key_id}


def record_message(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the MAC of a row covers: every column but the MAC.

    ``details`` stays the text that it is stored as.
    """
    message = {name: row[name] for name in RECORD_COLUMNS if name != "mac"}
    timestamp = row["timestamp"]
    if isinstance(timestamp, datetime):
        message["timestamp"] = timestamp_text(timestamp)
    message["kind"] = "record/1"
    return message


def link(record: Record, head: Head, ring: KeyRing) -> tuple[dict[str, Any], Head]:
    """Return the record as the next row of a stream, and the head that follows."""
    row: dict[str, Any] = {
        "stream": head.name,
        "sequence": head.sequence + 1,
        "timestamp": record.timestamp,
        "actor_id": None if record.actor_id is None else str(record.actor_id),
        "action": record.action,
        "resource": record.resource,
        "resource_id": record.resource_id,
        "outcome": record.outcome,
        "status": record.status,
        "ip": record.ip,
        "trace_id": record.trace_id,
        "details": canonical_json(record.details),
        "previous": head.mac,
        "key_id": ring.current,
    }
    row["mac"] = ring.sign(ring.current, record_message(row))
    return row, Head.sealed(ring, head.name, head.sequence + 1, row["mac"])


def stream_names(base: str, count: int) -> tuple[str, ...]:
    """Return the names of streams that belong together.

    Each tells how many there are, so that one that is lost can be named.
    """
    return tuple(f"{base}-{number}of{count}" for number in range(1, count + 1))


def family_of(name: str) -> tuple[str, ...]:
    """Return the names of all the streams that belong with this one."""
    base, _, place = name.rpartition("-")
    count = place.partition("of")[2]
    return stream_names(base, int(count)) if count.isdecimal() and base else (name,)
