"""Retention: runs of old records are sealed, and may then be purged for a tombstone."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.timezone import make_naive

from .chain import GENESIS, RECORD_COLUMNS
from .keys import KeyRing
from .models import AuditRecord, AuditSegment, AuditStream
from .records import timestamp_text
from .segments import sign
from .verification import verify_stream

__all__ = ["SegmentError", "purge", "seal"]


class SegmentError(Exception):
    """A segment cannot be sealed or purged, because the trail is not sound."""


def seal(ring: KeyRing, before: datetime, using: str = "default") -> Iterator[AuditSegment]:
    """Seal the records before a moment that are not sealed yet, a segment for each stream.

    Raises:
        SegmentError: something is wrong with the stream.
    """
    for name in AuditStream.objects.using(using).order_by("name").values_list("name", flat=True):
        problem = next(verify_stream(ring, name, using), None)
        if problem is not None:
            raise SegmentError(f"{problem} Run audit_verify; nothing of this stream was sealed.")
        segments = AuditSegment.objects.using(using).filter(stream=name)
        end = segments.order_by("-last").first()
        start, previous = (1, GENESIS) if end is None else (end.last + 1, end.last_mac)
        rows = AuditRecord.objects.using(using).filter(stream=name, sequence__gte=start)
        # Clocks differ: the segment ends before the first record that has to stay.
        kept = rows.filter(timestamp__gte=_stored(before)).order_by("sequence").first()
        if kept is not None:
            rows = rows.filter(sequence__lt=kept.sequence)
        digest, last, last_mac = hashlib.sha256(), 0, ""
        for sequence, mac in rows.order_by("sequence").values_list("sequence", "mac").iterator():
            digest.update(mac.encode())
            last, last_mac = sequence, mac
        if not last:
            continue
        segment = AuditSegment(
            stream=name,
            first=start,
            last=last,
            previous=previous,
            last_mac=last_mac,
            digest=digest.hexdigest(),
            sealed_at=_stored(datetime.now(UTC)),
        )
        sign(segment, ring)
        segment.save(using=using, force_insert=True)
        yield segment


def purge(
    ring: KeyRing, before: datetime, using: str = "default", archive: Path | None = None
) -> Iterator[AuditSegment]:
    """Delete the records of sealed segments that ended before a moment, for a tombstone.

    Args:
        ring: the keys.
        before: the newest record of a segment must be older.
        using: alias of the database.
        archive: a file to which the records are appended first, one JSON object a line.

    Raises:
        SegmentError: something is wrong with the stream.
    """
    waiting = AuditSegment.objects.using(using).filter(purged_at__isnull=True)
    for segment in list(waiting.order_by("stream", "first")):
        rows = AuditRecord.objects.using(using).filter(
            stream=segment.stream, sequence__range=(segment.first, segment.last)
        )
        if rows.filter(timestamp__gte=_stored(before)).exists():
            continue
        problem = next(verify_stream(ring, segment.stream, using), None)
        if problem is not None:
            raise SegmentError(f"{problem} Run audit_verify; {segment} was not purged.")
        if archive is not None:
            _archive(rows.order_by("sequence"), archive)
        segment.purged_at = _stored(datetime.now(UTC))
        sign(segment, ring)
        # The trigger of PostgreSQL lets go of what a tombstone stands for.
        with transaction.atomic(using=using):
            segment.save(using=using, force_update=True)
            rows.delete()
        yield segment


def _archive(rows: Any, path: Path) -> None:
    """Append rows to a file, and wait until they are on the disk."""
    with path.open("a", encoding="utf-8") as file:
        for values in rows.values_list(*RECORD_COLUMNS).iterator():
            row = dict(zip(RECORD_COLUMNS, values, strict=True))
            row["timestamp"] = timestamp_text(row["timestamp"])
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _stored(moment: datetime) -> datetime:
    """Return ``moment`` as a column has it: where there are no time zones, naive and in UTC."""
    return moment if settings.USE_TZ else make_naive(moment, UTC)
