"""Builds the wheels and source distributions of packages, and verifies them as a user gets them.

python tools/artifacts.py dist    # what is wrong with the files of a build of all packages
"""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import package as workspace
import subsets

SDIST = {"src", "tests", "conftest.py", "pyproject.toml", "PKG-INFO", ".gitignore"}
SDIST |= {"README.md", "CHANGELOG.md", "LICENSE"}
"""What the top level of a source distribution may have."""


class Refusal(Exception):
    """Why nothing is released; for a person to read."""


def run(*command: str, cwd: Path | None = None) -> str:
    """The output of a command. Raises Refusal with what it said if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refusal(f"{' '.join(command)}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def git(root: Path, *arguments: str) -> str:
    return run("git", "-C", str(root), *arguments)


def uv_build(directory: Path, out: Path, *options: str) -> None:
    uv = os.environ.get("UV", "uv")
    run(uv, "build", "--quiet", *options, "--out-dir", str(out), str(directory))


def build(root: Path, names: Iterable[str], out: Path) -> None:
    """Build the packages of a committed tree, verify them, then copy them to ``out``.

    A package is installed with the siblings it needs into an empty environment: those that are
    not among ``names`` are built from the same tree. Raises Refusal if anything is wrong.
    """
    every = {package.name: package for package in workspace.packages(root)}
    names = list(names)
    needed = {p.name for name in names for p in workspace.closure(name, every.values())}
    with tempfile.TemporaryDirectory(prefix="artifacts-") as directory:
        release, wheels = Path(directory, "release"), Path(directory, "wheels")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            whole = [pool.submit(uv_build, every[name].directory, release) for name in names]
            others = sorted(needed - set(names))
            rest = [pool.submit(uv_build, every[n].directory, wheels, "--wheel") for n in others]
            for job in [*whole, *rest]:
                job.result()
        found = sorted(release.glob("*.whl")) + sorted(release.glob("*.tar.gz"))
        run(sys.executable, "-m", "twine", "check", "--strict", *map(str, found))
        wrong = [problem for name in names for problem in problems(every[name], release)]
        if wrong:
            raise Refusal("\n".join(wrong))
        shutil.copytree(release, wheels, dirs_exist_ok=True)
        environments = subsets.Environments(Path(directory, "venvs"), wheels, every.values())
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            outcomes = pool.map(lambda name: subsets.try_alone(environments, name), names)
            failures = [f"{o.combination}:\n{o.output}" for o in outcomes if o.failed]
        if failures:
            raise Refusal("\n".join(failures))
        out.mkdir(parents=True, exist_ok=True)
        for file in found:
            shutil.copy(file, out)
            print(f"verified {file.name}")


def problems(package: workspace.Package, directory: Path) -> Iterator[str]:
    stem = f"{package.name.replace('-', '_')}-{package.version}"
    wheel = directory / f"{stem}-py3-none-any.whl"
    sdist = directory / f"{stem}.tar.gz"
    for file in (wheel, sdist):
        if not file.exists():
            yield f"{file.name} was not built: the version is not {package.version}?"
            return
    source = package.directory / "src"
    listed = git(source, "ls-files", "--cached", "--others", "--exclude-standard", "-z", ".")
    # A file that is not committed yet is in the way of a release, but not of a build.
    committed = {name for name in listed.split("\0") if name and (source / name).exists()}
    yield from wheel_problems(wheel, package, committed)
    yield from sdist_problems(sdist, stem, {f"src/{name}" for name in committed})


def wheel_problems(wheel: Path, package: workspace.Package, committed: set[str]) -> Iterator[str]:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info/"
        metadata = email.message_from_bytes(archive.read(f"{info}METADATA"))
    files = {name for name in names if not name.startswith(info)}
    for name in sorted(files - committed):
        yield f"{wheel.name} has a stray file: {name}"
    for name in sorted(committed - files):
        yield f"{wheel.name} lacks {name}"
    for name in (f"{package.module}/py.typed", f"{info}licenses/LICENSE"):
        if name not in names:
            yield f"{wheel.name} lacks {name}"
    if metadata["Name"] != package.name or metadata["Version"] != package.version:
        yield f"{wheel.name} says it is {metadata['Name']} {metadata['Version']}"
    required = {plain(r) for r in metadata.get_all("Requires-Dist", []) if "extra ==" not in r}
    if required != {plain(r) for r in package.dependencies}:
        yield f"{wheel.name} requires {sorted(required)}"


def plain(requirement: str) -> tuple[str, ...]:
    """A requirement however it is spelt: its name, extras and specifiers in order."""
    name, *rest = re.findall(r"[<>=~!]*[^\s<>=~!,()]+", requirement.partition(";")[0])
    return workspace.requirement_name(name), *sorted(rest)


def sdist_problems(sdist: Path, stem: str, committed: set[str]) -> Iterator[str]:
    with tarfile.open(sdist) as archive:
        files = [member.name for member in archive.getmembers() if not member.isdir()]
    outside = [name for name in files if not name.startswith(f"{stem}/")]
    names = {name.removeprefix(f"{stem}/") for name in files} - set(outside)
    for name in outside:
        yield f"{sdist.name} has a stray file: {name}"
    for name in sorted(names):
        parts = name.split("/")
        stray = parts[0] not in SDIST or "__pycache__" in parts
        if stray or (parts[0] == "src" and name not in committed):
            yield f"{sdist.name} has a stray file: {name}"
    for name in sorted((committed | {"LICENSE", "README.md"}) - names):
        yield f"{sdist.name} lacks {name}"


def main(argv: list[str]) -> int:
    if len(argv) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    found = [p for each in workspace.packages() for p in problems(each, Path(argv[0]))]
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{len(workspace.packages())} packages, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
