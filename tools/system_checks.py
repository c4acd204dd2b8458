"""Holds every system check to a test that brings it about and follows its hint, and to a README.

An id is found in the source as the literal that it is. ``tests/check_cases.py`` has its cases,
``tests/test_system_checks.py`` (one and the same everywhere) runs them, and the section "System
checks" of the package's README has a row for it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

RUNNER = "tests/test_system_checks.py"
CASES = "tests/check_cases.py"
LEVELS = {"E": "error", "W": "warning"}
CHECK_ID = re.compile(r"ninja_boost\w*\.[EW]\d{3}")
PIECE = re.compile(r"ninja_boost\w*\.[EW]\d{0,2}|[EW]\d{3}")
"""What an id could be put together from, unseen."""
MESSAGES = {"CheckMessage", "Critical", "Debug", "Error", "Info", "Warning", "as_error"}
SECTION = re.compile(r"^## System checks\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Row:
    """What a README says of a check."""

    id: str
    level: str
    what: str
    fix: str


def ids_in_source(directory: Path) -> dict[str, str]:
    """The ids that the package's code has, each with one place where it is."""
    found: dict[str, str] = {}
    for path, tree in _modules(directory):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and _matches(CHECK_ID, node.value):
                found[str(node.value)] = f"{path}:{node.lineno}"
    return found


def ids_in_cases(directory: Path) -> set[str]:
    """The ids that stand first in an item of CASES."""
    path = directory / CASES
    if not path.exists():
        return set()
    found = set()
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CASES":
            value = node.value
            items = value.elts if isinstance(value, ast.List) else [getattr(value, "elt", None)]
            for item in items:
                if isinstance(item, ast.Tuple) and len(item.elts) == 4:
                    found.add(getattr(item.elts[0], "value", ""))
    return found


def rows(directory: Path) -> list[Row]:
    """The table of the README."""
    readme = directory / "README.md"
    section = SECTION.search(readme.read_text(encoding="utf-8") if readme.exists() else "")
    lines = section.group(1).splitlines() if section else []
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [
        Row(each[0].strip("` "), *each[1:]) for each in cells if len(each) == 4 and "`" in each[0]
    ]


def table(directories: Iterable[Path]) -> str:
    """The tables of all READMEs as one."""
    lines = ["| check | level | what is wrong | what to do |", "|---|---|---|---|"]
    lines += [
        f"| `{row.id}` | {row.level} | {row.what} | {row.fix} |"
        for directory in directories
        for row in rows(directory)
    ]
    return "\n".join([*lines, ""])


def problems(directory: Path, module: str, runner: Path) -> Iterator[str]:
    """Yield what is wrong with the checks of one package.

    Args:
        directory: of the package.
        module: its import name, which every id of it starts with.
        runner: the file that the package's ``tests/test_system_checks.py`` has to be.
    """
    ids = ids_in_source(directory)
    for check_id, where in sorted(ids.items()):
        if not check_id.startswith(f"{module}."):
            yield f"{where} has the check {check_id}, which belongs to another package"
    yield from _hidden_ids(directory)
    yield from _row_problems(rows(directory), set(ids))
    if not ids:
        return
    path = directory / RUNNER
    if not path.exists() or path.read_text("utf-8") != runner.read_text("utf-8"):
        yield f"{RUNNER} is not {runner.parent.parent.name}'s"
    for check_id in sorted(ids.keys() - ids_in_cases(directory)):
        yield f"{check_id} has no case in {CASES}"


def _row_problems(documented: list[Row], ids: set[str]) -> Iterator[str]:
    names = [row.id for row in documented]
    for check_id in sorted(ids - set(names)):
        yield f"{check_id} is not in the README's System checks"
    for check_id in sorted({name for name in names if name not in ids or names.count(name) > 1}):
        yield f"{check_id} is in the README's System checks, and is none or there twice"
    for row in documented:
        level = row.level.removesuffix(", with `--deploy`")
        if row.id in ids and level != LEVELS[row.id[-4]]:
            yield f"{row.id} is called {row.level!r} in the README"
        if not (row.what and row.fix):
            yield f"{row.id} has an empty cell in the README"


def _hidden_ids(directory: Path) -> Iterator[str]:
    """What would keep an id from being found: one that is missing, or not written in full."""
    for path, tree in _modules(directory):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and _matches(PIECE, node.value):
                yield f"{path}:{node.lineno} has a piece of an id, {node.value!r}; write all of it"
            if isinstance(node, ast.Call) and _name(node.func) in MESSAGES:
                given = [keyword.value for keyword in node.keywords if keyword.arg == "id"]
                given += node.args[1:2] if _name(node.func) == "as_error" else []
                if not given or isinstance(given[0], ast.JoinedStr | ast.BinOp | ast.Call):
                    yield f"{path}:{node.lineno} makes a check message without a literal id"


def _name(function: ast.expr) -> str:
    return ast.unparse(function).rpartition(".")[2]


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _modules(directory: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((directory / "src").rglob("*.py")):
        yield path.relative_to(directory), ast.parse(path.read_bytes())
