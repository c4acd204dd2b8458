"""Live pings of whatever the settings use, for whoever is on call."""

from __future__ import annotations

import argparse
import json
import math
import os
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ninja_boost_core.doctor import Answer, ask, find_pings, versions

__all__ = ["Command"]


class Command(BaseCommand):
    """``manage.py boost_doctor``"""

    help = "Ask every database, cache and backend that the settings use whether it works."
    # They are one of the pings: an error of theirs must not hide what else is wrong.
    requires_system_checks: tuple[str, ...] = ()

    _hung = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=("table", "json"), default="table")
        parser.add_argument(
            "--timeout",
            type=_seconds,
            default=5.0,
            metavar="SECONDS",
            help="until what has not answered counts as failed (default: 5)",
        )
        parser.add_argument(
            "--versions",
            action="store_true",
            help="the versions of Python, Django, Ninja, pydantic and our packages, too",
        )

    def run_from_argv(self, argv: list[str]) -> None:
        try:
            super().run_from_argv(argv)
        except SystemExit:
            if self._hung:
                # Python would wait at its end for threads that a hung ping may have started.
                self.stdout.flush()
                self.stderr.flush()
                os._exit(1)
            raise

    def handle(self, *args: Any, timeout: float, **options: Any) -> None:
        answers = ask(find_pings(), timeout)
        self._hung = any(answer.hung for answer in answers)
        if options["format"] == "json":
            pings = [asdict(answer) for answer in answers]
            self.stdout.write(json.dumps({"versions": versions(), "pings": pings}, indent=2))
        else:
            if options["versions"]:
                self._versions()
            self._table(answers)
        failed = sum(not answer.ok for answer in answers)
        if failed:
            raise CommandError(f"{failed} of {len(answers)} pings failed.")

    def _versions(self) -> None:
        found = versions()
        width = max(map(len, found))
        for name, version in found.items():
            self.stdout.write(f"{name:{width}}  {version}")
        self.stdout.write("")

    def _table(self, answers: Sequence[Answer]) -> None:
        width = max(len(answer.name) for answer in answers)
        for answer in answers:
            word = self.style.SUCCESS("ok  ") if answer.ok else self.style.ERROR("FAIL")
            took = f"{answer.milliseconds:7.1f} ms"
            line = f"{word}  {answer.name:{width}}  {took}  {answer.detail}"
            self.stdout.write(line.rstrip())
            if answer.hint:
                self.stdout.write(f"{'':4}  {answer.hint}")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of seconds")
    return seconds
