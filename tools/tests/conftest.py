"""A small workspace to play with, in a repository of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import package as workspace


class Clone:
    """A repository with a workspace in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def start(self) -> None:
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Somebody")
        self.git("config", "user.email", "somebody@example.org")
        self.git("config", "commit.gpgsign", "false")
        self.commit("Begin")

    def commit(self, message: str = "Change") -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def package(self, name: str) -> Path:
        return self.root / "packages" / name

    def change(self, name: str, kind: str, *, text: str = "", slug: str = "it") -> None:
        """Change the source of a package, with a fragment that says so, and commit."""
        module = workspace.import_name(name)
        with (self.package(name) / f"src/{module}/__init__.py").open("a") as source:
            source.write(text or f"\n# {kind} {slug}\n")
        self.fragment(name, kind, slug)
        self.commit(f"{name}: {kind}")

    def fragment(self, name: str, kind: str, slug: str = "it") -> None:
        path = self.package(name) / "changelog.d" / f"+{slug}.{kind}.md"
        path.write_text(f"What was {kind}.\n")

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.root / path
        text = file.read_text()
        assert old in text, f"{path} has no {old!r}"
        file.write_text(text.replace(old, new))


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Core, two features, the command line and the umbrella, never released."""
    root = tmp_path_factory.mktemp("original") / "clone"
    requests = [
        workspace.Request("ninja-boost-core", "The kernel."),
        workspace.Request("ninja-boost-lamp", "A lamp.", feature=True),
        workspace.Request("ninja-boost-bell", "A bell.", feature=True),
        workspace.Request("ninja-boost-cli", "A command."),
    ]
    siblings = tuple(request.distribution for request in requests)
    requests.append(
        workspace.Request("django-ninja-boost", "All.", version="0.4.0", requires=siblings)
    )
    for request in requests:
        workspace.stamp(request, root)
        fragments = root / "packages" / request.distribution / "changelog.d"
        (fragments / "+first.added.md").write_text("The first of it.\n")
    (root / "pyproject.toml").write_text((workspace.ROOT / "pyproject.toml").read_text())
    Clone(root).start()
    return root


@pytest.fixture
def clone(original: Path, tmp_path: Path) -> Clone:
    return Clone(Path(shutil.copytree(original, tmp_path / "clone")))
