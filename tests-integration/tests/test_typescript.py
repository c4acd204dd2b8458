"""A client generated from the running demo's document: what it says is enough for strict types."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import CREDENTIALS, DEPLOYED, Server, missing, needed, serving

SOURCES = Path(__file__).resolve().parent.parent / "typescript"
ERROR = re.compile(
    r"^(?P<file>[^(\s]+)\((?P<line>\d+),\d+\): error (?P<code>TS\d+): ", re.MULTILINE
)


@pytest.fixture(scope="module")
def demo(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving("uvicorn", loaded, tmp_path_factory.mktemp("typescript-demo")) as running:
        yield running


@pytest.fixture(scope="module")
def project(demo: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The TypeScript project out of the tree, with its tools and the generated types."""
    needed("node", "npm")
    directory = tmp_path_factory.mktemp("typescript") / "project"
    shutil.copytree(SOURCES, directory, ignore=shutil.ignore_patterns("node_modules", "dist"))
    installed = npm(directory, "ci", "--no-audit", "--no-fund", "--prefer-offline")
    if installed.returncode:
        missing(f"npm ci failed: {installed.stderr[-500:]}")
    url = f"{demo.url}/api/openapi.json"
    generated = npm(directory, "run", "--silent", "generate", "--", url)
    assert generated.returncode == 0, generated.stderr
    return directory


def npm(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["npm", *arguments], cwd=directory, capture_output=True, text=True, timeout=240, check=False
    )


def test_the_client_lists_books_pays_and_refunds(demo: Server, project: Path) -> None:
    built = npm(project, "run", "--silent", "build", "--", "--pretty", "false")
    assert built.returncode == 0, built.stdout
    environment = {
        "PATH": os.environ["PATH"],
        "AIRLINE_URL": demo.url,
        "AIRLINE_PASSWORD": CREDENTIALS["password"],
        "AIRLINE_STRIPE_SECRET": DEPLOYED["AIRLINE_STRIPE_SECRET"],
    }
    done = subprocess.run(
        ["node", "dist/journey.js"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["refunded"]


def test_what_the_types_forbid_does_not_compile(project: Path) -> None:
    """Each wrong line, and no other, is refused for the reason that it names."""
    source = (project / "misuse" / "misuse.ts").read_text(encoding="utf-8")
    expected = {
        ("misuse/misuse.ts", number, found[1])
        for number, line in enumerate(source.splitlines(), 1)
        if (found := re.search(r"// (TS\d+)$", line))
    }
    assert len(expected) > 20
    done = npm(project, "run", "--silent", "misuse", "--", "--pretty", "false")
    errors = {
        (each["file"], int(each["line"]), each["code"]) for each in ERROR.finditer(done.stdout)
    }
    assert errors == expected, done.stdout


def test_the_program_has_neither_any_nor_casts() -> None:
    for file in sorted(SOURCES.glob("src/*.ts")):
        code = re.sub(
            r"/\*.*?\*/|//[^\n]*|\"[^\"]*\"|`[^`]*`", "", file.read_text(), flags=re.DOTALL
        )
        assert not re.search(r"\bany\b|\bas\b|@ts-|<unknown>\w|\w!\.", code), file
