"""``manage.py audit_protect``: makes the tables append-only on PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError, connections, transaction

from ninja_boost_audit import append_only
from ninja_boost_audit.management.base import AuditCommand

__all__ = ["Command"]


class Command(AuditCommand):
    help = (
        "Installs the triggers that refuse UPDATE, DELETE and TRUNCATE, as the migration does; "
        "with --role also takes those rights from the role that the application connects as."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--role", help="a role that does not own the tables")

    def handle(self, *args: Any, **options: Any) -> None:
        alias, role = self.alias(options["database"]), options["role"]
        connection = connections[alias]
        if connection.vendor != "postgresql":
            raise CommandError(f"{alias!r} is no PostgreSQL; only there can tables be protected.")
        try:
            with transaction.atomic(using=alias):
                append_only.install(connection)
                if role:
                    append_only.protect(connection, role)
        except DatabaseError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The tables are append-only.")
