"""The references of the system checks and of the management commands, out of the packages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module

from django.core.management.base import BaseCommand

from .readmes import ROOT, directories, import_name

sys.path.insert(0, str(ROOT / "tools"))
import system_checks


def checks_page() -> str:
    """What each README says of its checks, which `tools/package.py check` holds to the sources."""
    lines = [
        "# System checks",
        "",
        "What `manage.py check` and `check --deploy` say, by id. Errors stop a start that runs the",
        "checks; warnings are for you to judge. `SILENCED_SYSTEM_CHECKS` silences one.",
        "",
    ]
    for directory in directories():
        if rows := system_checks.rows(directory):
            lines += [f"## {directory.name}", ""]
            lines += ["| id | level | what | what to do |", "|---|---|---|---|"]
            lines += [f"| `{row.id}` | {row.level} | {row.what} | {row.fix} |" for row in rows]
            lines.append("")
    return "\n".join(lines)


def commands() -> Iterator[tuple[str, str, BaseCommand]]:
    """Distribution, name and instance of each management command.

    The umbrella repeats some, so that one app in INSTALLED_APPS is enough; those are left out.
    """
    for directory in directories():
        module = import_name(directory)
        for path in sorted((directory / "src" / module).glob("management/commands/[!_]*.py")):
            command = import_module(f"{module}.management.commands.{path.stem}").Command
            if command.__module__.startswith(f"{module}."):
                yield directory.name, path.stem, command()


def commands_page() -> str:
    """Each management command with its options, as `--help` has them."""
    lines = ["# Management commands", ""]
    for package, name, command in commands():
        lines += [f"## {name}", "", f"{command.help.strip()}"]
        lines += ["", f"From [{package}](../packages/{package}.md).", ""]
        if options := list(_options(name, command)):
            lines += ["| option | |", "|---|---|", *options, ""]
    return "\n".join(lines)


def _options(name: str, command: BaseCommand) -> Iterator[str]:
    for action in command.create_parser("manage.py", name)._actions:
        if action.dest in _EVERY_COMMAND:
            continue
        named = action.metavar or "|".join(action.choices or ()) or action.dest.upper()
        flags = ", ".join(action.option_strings) or action.dest
        value = f" {named}" if action.option_strings and action.nargs != 0 else ""
        text = (action.help or "") % {**vars(action), "prog": name}
        yield f"| `{_cell(flags + value)}` | {_cell(text)} |"


_EVERY_COMMAND = {action.dest for action in BaseCommand().create_parser("manage.py", "x")._actions}


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
