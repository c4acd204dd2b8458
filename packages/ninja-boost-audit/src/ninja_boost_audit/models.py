"""The tables of the database backend.

Rows are written by the backend and by the ``audit_*`` commands alone: whatever else changes one
is found by ``audit_verify``.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models

from .records import OUTCOMES

__all__ = ["AuditRecord", "AuditSegment", "AuditStream"]


class AuditRecord(models.Model):
    """A record, as a link of its stream's chain.

    Attributes:
        stream: the chain that it is in.
        sequence: its number there, from 1 and without gaps.
        details: canonical JSON.
        previous: MAC of the record before.
        key_id: the key of the MAC.
        mac: HMAC-SHA256 over all other columns but ``id``, which is the row's alone.
    """

    stream: models.CharField[str, str] = models.CharField(max_length=48)
    sequence: models.BigIntegerField[int, int] = models.BigIntegerField()
    timestamp: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)
    # NULL is nobody or nothing, which an empty text is not.
    actor_id: models.CharField[str | None, str | None] = models.CharField(  # noqa: DJ001
        "actor", max_length=255, null=True, db_index=True
    )
    action: models.CharField[str, str] = models.CharField(max_length=255)
    resource: models.CharField[str | None, str | None] = models.CharField(  # noqa: DJ001
        max_length=255, null=True
    )
    resource_id: models.CharField[str | None, str | None] = models.CharField(  # noqa: DJ001
        "resource id", max_length=255, null=True
    )
    outcome: models.CharField[str, str] = models.CharField(
        max_length=16, choices=[(outcome, outcome) for outcome in OUTCOMES]
    )
    status: models.SmallIntegerField[int | None, int | None] = models.SmallIntegerField(null=True)
    ip: models.CharField[str | None, str | None] = models.CharField(  # noqa: DJ001
        "IP address", max_length=64, null=True
    )
    trace_id: models.CharField[str | None, str | None] = models.CharField(  # noqa: DJ001
        "trace id", max_length=255, null=True
    )
    details: models.TextField[str, str] = models.TextField()
    previous: models.CharField[str, str] = models.CharField("previous MAC", max_length=64)
    key_id: models.CharField[str, str] = models.CharField("key id", max_length=32)
    mac: models.CharField[str, str] = models.CharField("MAC", max_length=64)

    class Meta:
        verbose_name = "audit record"
        default_permissions: ClassVar[tuple[str, ...]] = ("view",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["stream", "sequence"], name="ninja_boost_audit_sequence"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["resource", "resource_id"], name="ninja_boost_audit_resource")
        ]

    def __str__(self) -> str:
        return f"{self.stream} #{self.sequence}"


class AuditStream(models.Model):
    """The head of a stream; see ``chain.Head``. Its row is the lock for whoever writes."""

    name: models.CharField[str, str] = models.CharField(max_length=48, primary_key=True)
    sequence: models.BigIntegerField[int, int] = models.BigIntegerField()
    mac: models.CharField[str, str] = models.CharField(max_length=64)
    key_id: models.CharField[str, str] = models.CharField(max_length=32)
    seal: models.CharField[str, str] = models.CharField(max_length=64)

    class Meta:
        verbose_name = "audit stream"
        default_permissions: ClassVar[tuple[str, ...]] = ()

    def __str__(self) -> str:
        return self.name


class AuditSegment(models.Model):
    """A sealed run of records. Once they are purged it stands for them, as their tombstone.

    Attributes:
        first: sequence of its first record.
        last: sequence of its last record.
        previous: MAC of the record before the first.
        last_mac: MAC of the last record.
        digest: SHA-256 of its records' MACs, one after another.
        purged_at: when the records were deleted; NULL while they are there.
        mac: HMAC over all other columns but ``id``.
    """

    stream: models.CharField[str, str] = models.CharField(max_length=48)
    first: models.BigIntegerField[int, int] = models.BigIntegerField()
    last: models.BigIntegerField[int, int] = models.BigIntegerField()
    previous: models.CharField[str, str] = models.CharField(max_length=64)
    last_mac: models.CharField[str, str] = models.CharField(max_length=64)
    digest: models.CharField[str, str] = models.CharField(max_length=64)
    sealed_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    purged_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True
    )
    key_id: models.CharField[str, str] = models.CharField(max_length=32)
    mac: models.CharField[str, str] = models.CharField(max_length=64)

    class Meta:
        verbose_name = "audit segment"
        default_permissions: ClassVar[tuple[str, ...]] = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["stream", "first"], name="ninja_boost_audit_segment")
        ]

    def __str__(self) -> str:
        return f"{self.stream} #{self.first} to #{self.last}"
