"""What the ``audit_*`` commands share."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from ninja_boost_audit.checkpoints import Checkpoint, CheckpointError, read_checkpoint
from ninja_boost_audit.keys import KeyRing, key_ring
from ninja_boost_audit.settings import current_options

__all__ = ["AuditCommand", "moment"]


class AuditCommand(BaseCommand):
    """A command that works on the audit trail of one database."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", help="alias of the database; AUDIT.DATABASE by default")

    def alias(self, given: str | None) -> str:
        return given or current_options().DATABASE

    def ring(self) -> KeyRing:
        try:
            return key_ring()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error

    def checkpoint(self, ring: KeyRing, path: str) -> Checkpoint:
        try:
            return read_checkpoint(ring, Path(path).read_text(encoding="utf-8"))
        except (OSError, CheckpointError, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: {error}") from error


def moment(text: str) -> datetime:
    """Return the moment that a date, at midnight UTC, or a date and time means."""
    try:
        day = parse_date(text)
        found = parse_datetime(text) if day is None else datetime.combine(day, time(), UTC)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"{text!r} is no date such as 2026-01-31 or 2026-01-31T12:00:00Z.")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
