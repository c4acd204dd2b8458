"""The tests that the comparison rests on: each link is checked, and leads to the test's source.

In a page a link to a test is written `[text](test:package/tests/test_file.py::test_name)`. The
first part is a directory of `packages/`, or `tests-integration`. Standard library only.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INTEGRATION = "tests-integration"

_LINK = re.compile(r"\[([^\]]+)\]\(test:([^)\s]+)\)")


@dataclass(frozen=True)
class Evidence:
    """One test function."""

    reference: str

    @property
    def owner(self) -> str:
        return self.reference.partition("/")[0]

    @property
    def path(self) -> Path:
        file = self.reference.partition("::")[0]
        return ROOT / file if self.owner == INTEGRATION else ROOT / "packages" / file

    @property
    def name(self) -> str:
        return self.reference.rpartition("::")[2]

    @property
    def anchor(self) -> str:
        return "test-" + re.sub(r"[^a-z0-9]+", "-", self.reference.lower())

    @property
    def command(self) -> str:
        session = (
            "integration" if self.owner == INTEGRATION else f"\"tests(package='{self.owner}')\""
        )
        return f"python3 tools/dev.py test -s {session} -- -k {self.name}"

    def source(self) -> str:
        """The function as it is written. Raises LookupError if there is no such test."""
        if not self.path.is_file():
            raise LookupError(f"{self.reference}: there is no file {self.path.relative_to(ROOT)}")
        text = self.path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == self.name:
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                lines = text.splitlines()[first - 1 : node.end_lineno]
                indent = len(lines[0]) - len(lines[0].lstrip())
                return "\n".join(line[indent:] for line in lines)
        raise LookupError(f"{self.reference}: the file has no function of that name")


def references(text: str) -> Iterator[Evidence]:
    for match in _LINK.finditer(text):
        yield Evidence(match[2])


def linked(text: str) -> str:
    """The page with its links leading to the tests' page. Raises LookupError for a dead one."""
    for evidence in references(text):
        evidence.source()
    return _LINK.sub(lambda match: f"[{match[1]}](#{Evidence(match[2]).anchor})", text)


def page(text: str) -> str:
    """The source of every test that a page links to."""
    lines = [
        "# The tests behind the comparison",
        "",
        "Each is shown as it is in the repository, with the command that runs it. The fixtures",
        "that it uses are in the same file or in `conftest.py` beside it.",
    ]
    for evidence in sorted(set(references(text)), key=lambda each: each.reference):
        where = evidence.path.relative_to(ROOT).as_posix()
        lines += ["", f"({evidence.anchor})=", "", f"## {evidence.name}", "", f"`{where}`", ""]
        lines += ["```sh", evidence.command, "```", "", "````python", evidence.source(), "````"]
    return "\n".join([*lines, ""])
