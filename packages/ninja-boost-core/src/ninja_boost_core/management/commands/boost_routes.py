"""The inventory of operations, for people, for programs and for CI."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ninja_boost_core.inventory import Route, routes

__all__ = ["Command"]


class Command(BaseCommand):
    """``manage.py boost_routes``"""

    help = "List every operation with its authentication and what its hooks do, in their order."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=("table", "json"), default="table")
        parser.add_argument(
            "--unprotected",
            action="store_true",
            help="only those that need neither authentication nor a signature",
        )
        parser.add_argument(
            "--check",
            metavar="BASELINE",
            type=Path,
            help="fail if the inventory differs from this file, which --format json has written",
        )

    def handle(self, *args: Any, unprotected: bool, check: Path | None, **options: Any) -> None:
        found = [route for route in routes() if not (unprotected and route.protected)]
        if check is not None:
            self._compare(found, check)
        elif options["format"] == "json":
            self.stdout.write(json.dumps([route.as_json() for route in found], indent=2))
        else:
            self._table(found)

    def _table(self, found: list[Route]) -> None:
        width = max((len(route.path) for route in found), default=0)
        for route in found:
            auth = ", ".join(route.auth) or ("signature" if route.protected else "open")
            self.stdout.write(f"{route.method:7} {route.path:{width}}  {auth}")
            for hook in route.hooks:
                self.stdout.write(f"{'':7} {'':{width}}    {hook}")
        total, bare = len(found), sum(not route.protected for route in found)
        self.stdout.write(f"{total} operations, {bare} of them open")

    def _compare(self, found: list[Route], baseline: Path) -> None:
        try:
            known = {_key(each): each for each in json.loads(baseline.read_text("utf-8"))}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(
                f"{baseline} is no baseline ({type(error).__name__}). Write one with: "
                "manage.py boost_routes --format json"
            ) from error
        now = {_key(each): each for each in (route.as_json() for route in found)}
        lines = [f"+ {key}" for key in now.keys() - known.keys()]
        lines += [f"- {key}" for key in known.keys() - now.keys()]
        for key in now.keys() & known.keys():
            lines += [
                f"! {key}: {name} was {known[key].get(name)!r}, is {value!r}"
                for name, value in now[key].items()
                if known[key].get(name) != value
            ]
        for line in sorted(lines, key=lambda line: line[2:]):
            self.stdout.write(line)
        if lines:
            raise CommandError(
                f"{len(lines)} differences from {baseline}. If they are meant, write it again "
                "with --format json."
            )
        self.stdout.write(f"{len(now)} operations, as in {baseline}.")


def _key(route: dict[str, Any]) -> str:
    return f"{route['method']} {route['path']}"
