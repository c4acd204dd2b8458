"""Signed statements of where every stream ended, which can leave the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .chain import Head
from .keys import KeyRing
from .models import AuditStream
from .records import timestamp_text

__all__ = ["Checkpoint", "CheckpointError", "read_checkpoint", "take_checkpoint"]


class CheckpointError(Exception):
    """A checkpoint is malformed, false, or cannot be taken."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the streams of a database ended.

    Attributes:
        taken_at: when, in UTC.
        streams: sequence and MAC of the last record by stream.
        key_id: the key of the MAC.
        mac: HMAC over all the rest.
    """

    taken_at: str
    streams: Mapping[str, tuple[int, str]]
    key_id: str
    mac: str = ""

    def message(self) -> dict[str, Any]:
        streams = {name: list(place) for name, place in self.streams.items()}
        return {
            "kind": "checkpoint/1",
            "taken_at": self.taken_at,
            "streams": streams,
            "key_id": self.key_id,
        }

    def as_text(self) -> str:
        """Return the checkpoint as a file has it."""
        return json.dumps({**self.message(), "mac": self.mac}, indent=2) + "\n"


def take_checkpoint(ring: KeyRing, using: str = "default") -> Checkpoint:
    """Return a checkpoint of a database.

    Raises:
        CheckpointError: a head is false, so that a signature would vouch for a forgery.
    """
    rows = AuditStream.objects.using(using).order_by("name")
    heads = [Head(*row) for row in rows.values_list("name", "sequence", "mac", "key_id", "seal")]
    for head in heads:
        if not head.is_authentic(ring):
            raise CheckpointError(f"The head of {head.name} is false: run audit_verify.")
    bare = Checkpoint(
        timestamp_text(datetime.now(UTC)),
        {head.name: (head.sequence, head.mac) for head in heads},
        ring.current,
    )
    mac = ring.sign(ring.current, bare.message())
    return Checkpoint(bare.taken_at, bare.streams, bare.key_id, mac)


def read_checkpoint(ring: KeyRing, text: str) -> Checkpoint:
    """Return the checkpoint in a file.

    Raises:
        CheckpointError: it is none, or not signed with a key of the ring.
    """
    try:
        data = json.loads(text)
        streams = {
            str(name): (int(sequence), str(mac))
            for name, (sequence, mac) in data["streams"].items()
        }
        checkpoint = Checkpoint(
            str(data["taken_at"]), streams, str(data["key_id"]), str(data["mac"])
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"This is no checkpoint: {type(error).__name__}.") from error
    if not ring.verify(checkpoint.key_id, checkpoint.message(), checkpoint.mac):
        raise CheckpointError(
            f"The checkpoint is not what was signed with the key {checkpoint.key_id!r}, or that "
            "is not in KEYS."
        )
    return checkpoint
