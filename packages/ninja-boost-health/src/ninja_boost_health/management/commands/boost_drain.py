"""Flips readiness before a shutdown."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ninja_boost_health.drain import drain, drain_file, undrain

__all__ = ["Command"]


class Command(BaseCommand):
    """``manage.py boost_drain``"""

    help = (
        "Have every worker of this host or container answer /ready with 503, so that no new "
        "requests are sent here. Then stop the server. Workers started later are not concerned."
    )
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--undo", action="store_true", help="be ready again")
        parser.add_argument(
            "--wait",
            type=float,
            default=0.0,
            metavar="SECONDS",
            help="return after so long: longer than the load balancer needs to notice",
        )

    def handle(self, *args: Any, undo: bool, wait: float, **options: Any) -> None:
        try:
            if undo:
                done = "Ready again." if undrain() else "There was nothing to undo."
            else:
                done = f"Draining: {drain()}"
        except OSError as error:
            raise CommandError(
                f"{drain_file()} cannot be written: {error.strerror}. Set DRAIN_FILE in "
                "NINJA_BOOST['HEALTH'] to a path that the server's user can write."
            ) from error
        self.stdout.write(done)
        if wait > 0 and not undo:
            time.sleep(wait)
