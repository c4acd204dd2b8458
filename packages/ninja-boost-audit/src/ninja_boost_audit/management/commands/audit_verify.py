"""``manage.py audit_verify``: finds what was done to the audit trail."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connections

from ninja_boost_audit import append_only
from ninja_boost_audit.management.base import AuditCommand
from ninja_boost_audit.verification import verify

__all__ = ["Command"]


class Command(AuditCommand):
    help = "Verifies every stream of the audit trail; the exit status is 1 if something is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--checkpoint",
            action="append",
            default=[],
            metavar="FILE",
            help="a checkpoint that the streams must contain; may be repeated",
        )
        parser.add_argument("--json", action="store_true", help="findings as JSON, one a line")

    def handle(self, *args: Any, **options: Any) -> None:
        ring, alias = self.ring(), self.alias(options["database"])
        checkpoints = [self.checkpoint(ring, path) for path in options["checkpoint"]]
        findings = 0
        for finding in verify(ring, alias, checkpoints):
            findings += 1
            self.stdout.write(json.dumps(asdict(finding)) if options["json"] else str(finding))
        if not append_only.is_installed(connections[alias]):
            self.stderr.write(
                f"The tables of {alias!r} are not append-only: run audit_protect.",
                self.style.NOTICE,
            )
        if findings:
            raise CommandError(f"The audit trail is NOT sound: {findings} findings.")
        if not options["json"]:
            self.stdout.write(f"The audit trail is sound ({len(checkpoints)} checkpoints).")
