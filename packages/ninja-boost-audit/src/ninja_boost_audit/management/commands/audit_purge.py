"""``manage.py audit_purge``: deletes sealed records, for a signed tombstone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ninja_boost_audit.management.base import AuditCommand, moment
from ninja_boost_audit.retention import SegmentError, purge

__all__ = ["Command"]


class Command(AuditCommand):
    help = (
        "Deletes the records of sealed segments that ended before a date. A signed tombstone "
        "stays in their place, so that the rest can be verified."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--before", required=True, metavar="DATE", help="2026-01-31, in UTC")
        parser.add_argument(
            "--archive", metavar="FILE", help="append the records to this file first, as JSON lines"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        archive = options["archive"]
        try:
            for segment in purge(
                self.ring(),
                moment(options["before"]),
                self.alias(options["database"]),
                None if archive is None else Path(archive),
            ):
                self.stdout.write(f"Purged {segment}.")
        except (SegmentError, OSError) as error:
            raise CommandError(str(error)) from error
