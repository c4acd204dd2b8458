"""What a command is going to write, so that it can be shown, or refused, as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Plan", "Refused"]


class Refused(Exception):
    """Why a command does nothing, and what to do, for a person to read."""


@dataclass
class Plan:
    """Files to be made, and lines to be added to files that are there.

    Attributes:
        root: the directory that all paths are below.
        files: the content of each new file, by its path from there.
        edits: the old and the new text of each file that changes.
        notes: what is left to do, one paragraph each.
    """

    root: Path
    files: dict[str, bytes] = field(default_factory=dict)
    edits: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    private: frozenset[str] = frozenset()
    """New files that only their owner may read."""

    def add(self, files: dict[str, str]) -> None:
        self.files |= {name: text.encode() for name, text in files.items()}

    def describe(self) -> Iterator[str]:
        """One line for each file, in the order of their names."""
        changes = dict.fromkeys(self.files, "create") | dict.fromkeys(self.edits, "change")
        for name in sorted(changes):
            yield f"{changes[name]}  {self.root / name}"

    def edits_done(self) -> Iterator[str]:
        """One line for each file that was there and has changed."""
        for name in sorted(self.edits):
            yield f"{self.root / name} has a new line"

    def conflicts(self) -> list[Path]:
        """What is in the way: files that are there, and files where a directory has to be."""
        found = {self.root / name for name in self.files if os.path.lexists(self.root / name)}
        for name in self.files:
            parents = [self.root, *(self.root / each for each in Path(name).parents)]
            found.update(p for p in parents if os.path.lexists(p) and not p.is_dir())
        return sorted(found)

    def check(self) -> None:
        """Raise Refused, naming all of them, if there is a file in the way."""
        if conflicts := self.conflicts():
            raise Refused(
                "Nothing was written, because these are there already:\n"
                + "\n".join(f"  {path}" for path in conflicts)
                + "\nMove them away, or choose another name."
            )

    def write(self) -> None:
        """Make the files and then the changes; what was made is taken away if that fails.

        Raises:
            Refused: a file is in the way, or has changed meanwhile.
            OSError: the file system refuses.
        """
        self.check()
        made: list[Path] = []
        try:
            for name, content in self.files.items():
                path = self.root / name
                _make_directories(path.parent, made)
                # Exclusive: not even a file that came a moment ago is overwritten.
                mode = 0o600 if name in self.private else 0o666
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
                with os.fdopen(os.open(path, flags, mode), "wb") as file:
                    made.append(path)
                    file.write(content)
            for name, (old, new) in self.edits.items():
                _replace(self.root / name, old, new)
        except BaseException:
            for path in reversed(made):
                path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
            raise


def _make_directories(path: Path, made: list[Path]) -> None:
    if path.is_dir():
        return
    _make_directories(path.parent, made)
    path.mkdir()
    made.append(path)


def _replace(path: Path, old: str, new: str) -> None:
    if path.read_bytes() != old.encode():
        raise Refused(f"{path} has changed meanwhile: try again.")
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(new.encode())
        beside.chmod(path.stat().st_mode)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
