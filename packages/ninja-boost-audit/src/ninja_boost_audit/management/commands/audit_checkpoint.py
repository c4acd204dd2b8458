"""``manage.py audit_checkpoint``: writes where every stream ends, signed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ninja_boost_audit.checkpoints import CheckpointError, take_checkpoint
from ninja_boost_audit.management.base import AuditCommand

__all__ = ["Command"]


class Command(AuditCommand):
    help = (
        "Writes a signed checkpoint of every stream. Keep it where nobody who can write to the "
        "database can: audit_verify --checkpoint then finds a lost tail or stream."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--output", default="-", metavar="FILE", help="standard output if -")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = take_checkpoint(self.ring(), self.alias(options["database"])).as_text()
        except CheckpointError as error:
            raise CommandError(str(error)) from error
        if options["output"] == "-":
            self.stdout.write(text, ending="")
            return
        try:
            # An older checkpoint is worth as much as a new one.
            with Path(options["output"]).open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise CommandError(f"The checkpoint was not written: {error}") from error
