"""Finds what was done to the audit trail, and says where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Max

from .chain import GENESIS, RECORD_COLUMNS, Head, family_of, record_message
from .checkpoints import Checkpoint
from .keys import KeyRing
from .models import AuditRecord, AuditSegment, AuditStream
from .segments import is_authentic

__all__ = ["Finding", "verify", "verify_stream"]

Kind = Literal["altered", "missing", "broken_link", "unknown_key", "head", "segment", "lost_stream"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong.

    Attributes:
        stream: where.
        sequence: at which record; None for the whole stream.
        kind: what is wrong: ``altered`` (a record is not as it was signed, or was never signed),
            ``missing`` (one or more records are gone), ``broken_link`` (a record does not follow
            on the one before), ``unknown_key`` (signed with a key that is not in KEYS),
            ``head`` (the stream does not end where its head, or a checkpoint, says),
            ``segment`` (a seal or tombstone is false), ``lost_stream``.
        message: the same for a person.
    """

    stream: str
    sequence: int | None
    kind: Kind
    message: str

    def __str__(self) -> str:
        place = "" if self.sequence is None else f" #{self.sequence}"
        return f"{self.stream}{place}: {self.message}"


def verify(
    ring: KeyRing, using: str = "default", checkpoints: Sequence[Checkpoint] = ()
) -> Iterator[Finding]:
    """Yield all that is wrong with the streams of a database.

    Writers may go on meanwhile; a purge may not.

    Args:
        ring: the keys, with those that have been replaced.
        using: alias of the database.
        checkpoints: authentic ones.
    """
    found = _stream_names(using)
    expected = {name for stream in found for name in family_of(stream)}
    expected |= {name for checkpoint in checkpoints for name in checkpoint.streams}
    for name in sorted(expected):
        if name in found:
            yield from verify_stream(ring, name, using, checkpoints)
        else:
            yield Finding(name, None, "lost_stream", "the whole stream is lost.")


def verify_stream(
    ring: KeyRing, name: str, using: str = "default", checkpoints: Sequence[Checkpoint] = ()
) -> Iterator[Finding]:
    """Yield all that is wrong with one stream."""
    rows = AuditRecord.objects.using(using).filter(stream=name)
    head = _head(name, using)
    walk = _Walk(ring, name, _segments(name, using), checkpoints)
    yield from walk.check_segments()
    limit = rows if head is None else rows.filter(sequence__lte=head.sequence)
    for values in limit.order_by("sequence").values_list(*RECORD_COLUMNS).iterator():
        yield from walk.step(dict(zip(RECORD_COLUMNS, values, strict=True)))
    yield from walk.end(head)
    # A record and its head are committed together, so the head is read last.
    last = rows.aggregate(last=Max("sequence"))["last"] or 0
    head = _head(name, using)
    if head is not None and last > head.sequence:
        beyond = rows.filter(sequence__gt=head.sequence, sequence__lte=last)
        for sequence in beyond.order_by("sequence").values_list("sequence", flat=True):
            yield Finding(name, sequence, "altered", "the record is beyond the head: forged.")


class _Walk:
    """The way along one stream, record by record."""

    def __init__(
        self,
        ring: KeyRing,
        name: str,
        segments: Sequence[AuditSegment],
        checkpoints: Iterable[Checkpoint],
    ) -> None:
        self.ring = ring
        self.name = name
        self.segments = segments
        # By sequence, the MACs that checkpoints saw there.
        self.seen: dict[int, set[str]] = {}
        for checkpoint in checkpoints:
            sequence, mac = checkpoint.streams.get(name, (0, GENESIS))
            if sequence:
                self.seen.setdefault(sequence, set()).add(mac)
        self.sequence = 0
        self.mac = GENESIS
        self.open: list[tuple[AuditSegment, Any]] = []

    def check_segments(self) -> Iterator[Finding]:
        """Check the seals, and start behind the records that were purged."""
        for segment in self.segments:
            if not is_authentic(segment, self.ring):
                yield self._finding(segment.first, "segment", f"the seal of {segment} is false.")
                continue
            if segment.purged_at is None:
                self.open.append((segment, hashlib.sha256()))
                continue
            if segment.first != self.sequence + 1 or segment.previous != self.mac:
                yield self._finding(
                    segment.first, "segment", f"{segment} was purged, and what precedes it is lost."
                )
            self.sequence, self.mac = segment.last, segment.last_mac
            # What was purged can be compared at its end alone.
            for sequence in [each for each in self.seen if each <= segment.last]:
                macs = self.seen.pop(sequence)
                if sequence == segment.last and macs != {segment.last_mac}:
                    yield self._rewritten(sequence)

    def step(self, row: Mapping[str, Any]) -> Iterator[Finding]:
        """Check one record, and that it follows on the one before."""
        sequence = row["sequence"]
        if sequence <= self.sequence:
            yield self._finding(sequence, "altered", "the record was purged, and is here again.")
            return
        if sequence > self.sequence + 1:
            yield self._gap(sequence - 1)
        problem = self._problem(row)
        if problem is not None:
            yield problem
        elif sequence == self.sequence + 1 and row["previous"] != self.mac:
            yield self._finding(
                sequence, "broken_link", "the record does not follow on the one before."
            )
        for segment, digest in self.open:
            if segment.first <= sequence <= segment.last:
                digest.update(row["mac"].encode())
        self.sequence, self.mac = sequence, row["mac"]
        if self.seen.pop(sequence, {self.mac}) != {self.mac}:
            yield self._rewritten(sequence)

    def end(self, head: Head | None) -> Iterator[Finding]:
        """Check that the stream ends where its head and the checkpoints say."""
        if head is None:
            yield self._finding(None, "head", "the head of the stream is lost.")
        elif head.key_id not in self.ring:
            yield self._unknown_key(head.sequence, "head", head.key_id)
        elif not head.is_authentic(self.ring):
            yield self._finding(head.sequence, "head", "the head of the stream is false.")
        if head is not None and head.sequence > self.sequence:
            yield self._gap(head.sequence)
        elif head is not None and (head.sequence, head.mac) != (self.sequence, self.mac):
            yield self._finding(
                self.sequence, "head", "the stream does not end where its head says."
            )
        for sequence in sorted(self.seen):
            yield self._finding(
                sequence, "missing", "a checkpoint saw this record, and it is lost."
            )
        for segment, digest in self.open:
            if digest.hexdigest() != segment.digest:
                yield self._finding(segment.first, "segment", f"{segment} is not what was sealed.")

    def _problem(self, row: Mapping[str, Any]) -> Finding | None:
        if row["key_id"] not in self.ring:
            return self._unknown_key(row["sequence"], "record", row["key_id"])
        if self.ring.verify(row["key_id"], record_message(row), row["mac"]):
            return None
        return self._finding(
            row["sequence"], "altered", "the record is not what was signed with this key."
        )

    def _gap(self, last: int) -> Finding:
        first = self.sequence + 1
        which = "the record is" if first == last else f"the records to #{last} are"
        return self._finding(first, "missing", f"{which} missing.")

    def _rewritten(self, sequence: int) -> Finding:
        return self._finding(
            sequence, "altered", "a checkpoint saw another record here: the stream was rewritten."
        )

    def _unknown_key(self, sequence: int, what: str, key_id: str) -> Finding:
        return self._finding(
            sequence, "unknown_key", f"the {what} is signed with the key {key_id!r}, not in KEYS."
        )

    def _finding(self, sequence: int | None, kind: Kind, message: str) -> Finding:
        return Finding(self.name, sequence, kind, message)


def _stream_names(using: str) -> set[str]:
    names = set(AuditStream.objects.using(using).values_list("name", flat=True))
    for model in (AuditRecord, AuditSegment):
        rows = model._default_manager.using(using).order_by()
        names.update(rows.values_list("stream", flat=True).distinct())
    return names


def _head(name: str, using: str) -> Head | None:
    rows = AuditStream.objects.using(using).filter(name=name)
    values = rows.values_list("name", "sequence", "mac", "key_id", "seal").first()
    return None if values is None else Head(*values)


def _segments(name: str, using: str) -> list[AuditSegment]:
    return list(AuditSegment.objects.using(using).filter(stream=name).order_by("first"))
