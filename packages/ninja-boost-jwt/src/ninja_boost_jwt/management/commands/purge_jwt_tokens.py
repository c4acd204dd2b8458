"""``manage.py purge_jwt_tokens``: deletes expired refresh tokens and revocations."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ninja_boost_jwt import families
from ninja_boost_jwt.keys import current_options

__all__ = ["Command"]


class Command(BaseCommand):
    help = "Deletes expired refresh tokens and revocations, in batches; run it daily."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=1000, help="rows for each transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch"] < 1:
            raise CommandError("--batch must be at least 1.")
        deleted = sum(families.purge(current_options(), options["batch"]))
        self.stdout.write(f"Deleted {deleted} expired rows.")
