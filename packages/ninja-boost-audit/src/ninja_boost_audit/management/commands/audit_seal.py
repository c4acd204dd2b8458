"""``manage.py audit_seal``: seals old records, so that they can be purged later."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from ninja_boost_audit.management.base import AuditCommand, moment
from ninja_boost_audit.retention import SegmentError, seal

__all__ = ["Command"]


class Command(AuditCommand):
    help = "Verifies the records before a date, and seals them as a segment of each stream."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--before", required=True, metavar="DATE", help="2026-01-31, in UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for segment in seal(
                self.ring(), moment(options["before"]), self.alias(options["database"])
            ):
                self.stdout.write(f"Sealed {segment}.")
        except SegmentError as error:
            raise CommandError(str(error)) from error
