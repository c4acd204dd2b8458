"""Prints which packages a change touches, themselves or through what they depend on.

    python tools/affected.py --base origin/main          # one name a line
    python tools/affected.py --base origin/main --json   # a list, for the matrix of a workflow

What is compared is the working tree, with its new files, and the point where it left the base.
A change outside packages/ touches all of them, but for pages and the tests that always run.
Standard library only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import package as workspace

TOUCHES_NONE = ("docs/", "tests-integration/")
"""What sessions of their own cover, whatever the change."""


def git(root: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return [name for name in done.stdout.split("\0") if name]


def changed_files(root: Path, base: str) -> list[str]:
    """Paths below the root that differ from where the history left ``base``.

    Raises SystemExit if git does not know the base, or no common ancestor (a shallow clone).
    """
    (found,) = git(root, "merge-base", base, "HEAD")
    # Both names of a file that was moved from one package to another.
    differing = git(root, "diff", "--name-only", "--no-renames", "-z", found.strip())
    new = git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return sorted({*differing, *new})


def dependents(names: Iterable[str], every: Iterable[workspace.Package]) -> set[str]:
    """The packages themselves and all that need them, directly, indirectly or by an extra."""
    every = list(every)
    found = set(names)
    while True:
        more = {
            package.name
            for package in every
            if package.name not in found
            for requirement in [*package.dependencies, *package.extras]
            if workspace.requirement_name(requirement) in found
        }
        if not more:
            return found
        found |= more


def affected(files: Iterable[str], every: Iterable[workspace.Package]) -> list[str]:
    """The names of the packages that a change of the files touches, in order."""
    every = list(every)
    names = {package.name for package in every}
    touched = set()
    for file in files:
        top, _, rest = file.partition("/")
        if top == "packages":
            name = rest.partition("/")[0]
            # A package that is gone may have been anybody's.
            touched |= {name} if name in names else names
        elif not (file.startswith(TOUCHES_NONE) or (file.endswith(".md") and not rest)):
            touched |= names
    return sorted(dependents(touched, every))


def main(argv: list[str] | None = None, root: Path = workspace.ROOT) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--base", default="origin/main", help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one line, a JSON list")
    options = parser.parse_args(argv)
    names = affected(changed_files(root, options.base), workspace.packages(root))
    if options.json:
        print(json.dumps(names))
    else:
        print(*names, sep="\n", end="\n" if names else "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
