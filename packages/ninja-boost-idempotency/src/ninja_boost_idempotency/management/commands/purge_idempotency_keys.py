"""``manage.py purge_idempotency_keys``: deletes expired keys of the database store."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ninja_boost_idempotency.stores.database import DatabaseStore

__all__ = ["Command"]


class Command(BaseCommand):
    help = "Deletes the expired idempotency keys, in batches; run it daily."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default="default", help="alias of the database")
        parser.add_argument("--batch", type=int, default=1000, help="rows for each transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch"] < 1:
            raise CommandError("--batch must be at least 1.")
        deleted = sum(DatabaseStore(options["database"]).purge(options["batch"]))
        self.stdout.write(f"Deleted {deleted} expired idempotency keys.")
