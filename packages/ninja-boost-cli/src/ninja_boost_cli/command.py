"""The command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from .apps import start_app
from .options import OPTIONS, SERVERS, Choice, choose
from .plan import Plan, Refused
from .projects import config_block, start_project

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code, which is 1 if it refused and wrote nothing."""
    arguments = parser().parse_args(argv)
    try:
        return run(arguments)
    except Refused as refused:
        print(f"ninja-boost: {refused}", file=sys.stderr)  # noqa: T201
    except OSError as error:
        print(f"ninja-boost: nothing was written: {error}", file=sys.stderr)  # noqa: T201
    return 1


def run(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "startproject":
            choice = chosen(arguments, server=arguments.server)
            carry_out(start_project(arguments.name, choice, source=arguments.source), arguments)
        case "startapp":
            carry_out(start_app(arguments.name, model=arguments.model), arguments)
        case _:
            sys.stdout.write(config_block(chosen(arguments)))
    return 0


def chosen(arguments: argparse.Namespace, server: str = "gunicorn") -> Choice:
    return choose(arguments.added, arguments.removed, minimal=arguments.minimal, server=server)


def carry_out(plan: Plan, arguments: argparse.Namespace) -> None:
    if arguments.dry_run:
        plan.check()
        lines = [*plan.describe(), "Nothing was written: this was a dry run."]
    else:
        plan.write()
        lines = [f"{len(plan.files)} new files in {plan.root}", *plan.edits_done(), *plan.notes]
    sys.stdout.write("\n".join(lines) + "\n")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="ninja-boost", description="Projects of Django Ninja Boost.")
    top.add_argument("--version", action="version", version=version("ninja-boost-cli"))
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listed = "\n".join(
        f"  {name:<17}{option.meaning}{'' if option.default else ' (not by default)'}"
        for name, option in OPTIONS.items()
    )
    formatted = {"formatter_class": argparse.RawDescriptionHelpFormatter}
    project = commands.add_parser(
        "startproject",
        help="make a project that runs, with tests, image, CI and a login",
        epilog=f"packages:\n{listed}",
        **formatted,  # type: ignore[arg-type]
    )
    project.add_argument("name", help="of the new directory, and of the package in it")
    add_options(project)
    project.add_argument(
        "--server",
        choices=list(SERVERS),
        default="gunicorn",
        help="; ".join(f"{name}: {meaning}" for name, meaning in SERVERS.items()),
    )
    project.add_argument(
        "--source",
        type=Path,
        metavar="DIRECTORY",
        help="a checkout of django-ninja-boost, or a directory with its wheels; by default, what "
        "is installed here",
    )
    add_dry_run(project)
    app = commands.add_parser("startapp", help="add an app in apps/ to the project that is here")
    app.add_argument("name", help="of the app, such as orders")
    app.add_argument("--model", help="the name of its model; by default the singular: Order")
    add_dry_run(app)
    config = commands.add_parser(
        "config",
        help="print settings to start with",
        epilog=f"packages:\n{listed}",
        **formatted,  # type: ignore[arg-type]
    )
    add_options(config)
    return top


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--with",
        dest="added",
        type=names,
        action="extend",
        default=[],
        metavar="PACKAGE",
        help="also these, separated by commas",
    )
    command.add_argument(
        "--without",
        dest="removed",
        type=names,
        action="extend",
        default=[],
        metavar="PACKAGE",
        help="not these",
    )
    command.add_argument(
        "--minimal", action="store_true", help="jwt only, and what --with asks for"
    )


def add_dry_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dry-run", action="store_true", help="say what would be written")


def names(text: str) -> list[str]:
    return [name for name in text.split(",") if name.strip()]
