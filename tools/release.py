"""Releases packages, each with a version and a changelog of its own.

    python tools/release.py prepare [NAME ...]            # a table of what would happen
    python tools/release.py prepare [NAME ...] --execute  # does it: commit and tags, in this clone
    python tools/release.py build TAG --out dist          # what a release job uploads, verified

A package is released when it has change fragments, or when the range of a sibling that it needs
has to move. Nothing is ever uploaded, and nothing pushed. All work is done in a worktree of its
own: should anything fail, this one stays as it was. Needs git, uv, towncrier and twine.

Versions before 1.0 (the pins of siblings are `>=0.N.P,<0.N+1`, so a minor version is what may
break, and `added` can be a patch):

    removed, changed, a range that moved    0.N.P -> 0.N+1.0
    added, fixed, security                  0.N.P -> 0.N.P+1
"""

from __future__ import annotations

import argparse
import re
import sys
import tarfile
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import artifacts
import package as workspace
from artifacts import Refusal, git

BREAKING = frozenset({"removed", "changed"})
KINDS = BREAKING | {"added", "fixed", "security"}
TAGS_PUSHED_AT_ONCE = 3
"""GitHub starts no workflow for tags that come in larger groups."""


@dataclass(frozen=True)
class Status:
    """A package as it is, against its last release."""

    package: workspace.Package
    tag: str | None
    kinds: Counter[str]
    changed: tuple[str, ...]

    @property
    def last(self) -> str | None:
        return version_in(self.tag, self.package.name) if self.tag else None


@dataclass(frozen=True)
class Release:
    """What a release does to a package; ``moved`` are the siblings whose range moves."""

    status: Status
    version: str
    moved: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.status.package.name

    @property
    def tag(self) -> str:
        return f"{self.name}-v{self.version}"


def version_in(tag: str, name: str) -> str | None:
    """The version that a tag gives to the package, or None if it is no tag of its."""
    found = re.fullmatch(rf"{re.escape(name)}-v(\d+\.\d+\.\d+)", tag)
    return found[1] if found else None


def last_tag(root: Path, name: str) -> str | None:
    tags = git(root, "tag", "--list", f"{name}-v*", "--merged").split()
    versions = {v: tag for tag in tags if (v := version_in(tag, name))}
    return versions[max(versions, key=workspace.parts)] if versions else None


def statuses(root: Path) -> dict[str, Status]:
    found = {}
    for package in workspace.packages(root):
        tag = last_tag(root, package.name)
        kinds = Counter(kind for _, kind in fragments(package))
        changed = tuple(shipped_changes(root, package, tag)) if tag else ()
        found[package.name] = Status(package, tag, kinds, changed)
    return found


def fragments(package: workspace.Package) -> Iterator[tuple[Path, str]]:
    """Each change fragment and its kind; towncrier numbers a second one: x.fixed.1.md."""
    for path in sorted((package.directory / "changelog.d").glob("*.md")):
        parts = path.name.split(".")[1:-1]
        yield path, parts[0] if parts else ""


def shipped_changes(root: Path, package: workspace.Package, tag: str) -> Iterator[str]:
    """What users would get that is not what they got with the tag."""
    directory = package.directory.relative_to(root)
    source = git(root, "diff", "--name-only", tag, "--", str(directory / "src"))
    yield from source.splitlines()
    metadata = str(directory / "pyproject.toml")
    before = tomllib.loads(git(root, "show", f"{tag}:{metadata}"))
    for table in ("project", "build-system"):
        if before.get(table) != package.pyproject.get(table):
            yield f"{metadata} [{table}]"


def next_version(last: str, kinds: Iterable[str]) -> str:
    """The version after ``last``. Raises Refusal from 1.0 on, where other rules hold."""
    major, minor, patch = workspace.parts(last)
    if major:
        raise Refusal(f"the rules for {last} and later are not written: only for versions 0.N.P")
    return f"0.{minor + 1}.0" if BREAKING & set(kinds) else f"0.{minor}.{patch + 1}"


def plan(every: Mapping[str, Status], names: Iterable[str] = ()) -> list[Release]:
    """What to release, in the order of the packages.

    With names, only those: and the siblings they need that have changes, for they were tested
    with these, and the packages whose ranges thereby move.
    """
    packages = [status.package for status in every.values()]
    names = list(names)
    if unknown := set(names) - set(every):
        raise Refusal(f"no package: {', '.join(sorted(unknown))}")
    wanted = {each.name for name in names for each in workspace.closure(name, packages)}
    chosen = {name for name in (wanted if names else every) if every[name].kinds}
    releases: dict[str, Release] = {}
    while True:
        versions = {n: s.package.version for n, s in every.items()}
        versions |= {name: release.version for name, release in releases.items()}
        again = {
            name: planned
            for name, status in every.items()
            if (planned := release_of(status, name in chosen, versions))
        }
        if again == releases:
            return list(releases.values())
        releases = again


def release_of(status: Status, chosen: bool, versions: Mapping[str, str]) -> Release | None:
    package = status.package
    moved = tuple(
        dict.fromkeys(
            name
            for requirement in [*package.dependencies, *package.extras]
            if (name := workspace.requirement_name(requirement)) in versions
            and line(versions[name]) != line(lower_bound(requirement))
        )
    )
    if not chosen and not moved:
        return None
    if status.last is None:
        return Release(status, package.version, moved)
    # A package that moves releases what it has: its own fragments count too.
    kinds = [*status.kinds, *(["changed"] if moved else [])]
    return Release(status, next_version(status.last, kinds), moved)


def line(version: str) -> tuple[int, int]:
    """The releases among which a pin takes any: those of one minor version."""
    major, minor, _ = workspace.parts(version)
    return major, minor


def lower_bound(requirement: str) -> str:
    found = re.search(r">=(\d+\.\d+)(\.\d+)?", requirement)
    return f"{found[1]}{found[2] or '.0'}" if found else "0.0.0"


def problems(root: Path, every: Mapping[str, Status], releases: list[Release]) -> list[str]:
    """Why this cannot be released, one line each."""
    found = workspace.problems(root)
    for status in every.values():
        found += status_problems(status)
    taken = set(git(root, "tag", "--list").split())
    found += [f"{release.tag} exists already" for release in releases if release.tag in taken]
    return found


def status_problems(status: Status) -> Iterator[str]:
    name, version = status.package.name, status.package.version
    if status.last and status.last != version:
        yield f"{name}: the version is {version}, but the last tag is {status.tag}"
    if status.changed and not status.kinds:
        more = f" and {len(status.changed) - 1} more" if len(status.changed) > 1 else ""
        yield f"{name}: no fragment says what changed since {status.tag}: {status.changed[0]}{more}"
    if not status.tag and not status.kinds:
        yield f"{name}: it was never released, and no fragment says what it brings"
    for kind in sorted(set(status.kinds) - KINDS):
        yield f"{name}: {kind!r} is no kind of change fragment"


def table(releases: list[Release]) -> str:
    rows = [("package", "last", "next", "why")]
    for release in releases:
        why = [f"{count} {kind}" for kind, count in sorted(release.status.kinds.items())]
        why += [f"needs {name}" for name in release.moved]
        rows.append((release.name, release.status.last or "-", release.version, ", ".join(why)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[3]]).rstrip())
    return "\n".join(lines)


def apply(root: Path, releases: list[Release], versions: Mapping[str, str]) -> None:
    """Versions, ranges and changelogs, in the files below ``root``."""
    for release in releases:
        directory = root / "packages" / release.name
        metadata = directory / "pyproject.toml"
        text = metadata.read_text(encoding="utf-8")
        metadata.write_text(edited(text, release.version, versions), encoding="utf-8")
        if release.moved:
            needs = ", ".join(f"{n} {'.'.join(map(str, line(versions[n])))}" for n in release.moved)
            fragment = directory / "changelog.d" / "+ranges.changed.md"
            fragment.write_text(f"Needs {needs}.\n", encoding="utf-8")
        artifacts.run(
            *(sys.executable, "-m", "towncrier", "build", "--yes"),
            *("--config", str(root / "pyproject.toml"), "--dir", "."),
            *("--name", release.name, "--version", release.version),
            cwd=directory,
        )


def edited(text: str, version: str, versions: Mapping[str, str]) -> str:
    """A pyproject.toml with the version, and with the ranges of what it was tested with."""
    text, count = re.subn(r'(?m)^version = "[^"]*"$', f'version = "{version}"', text, count=1)
    if not count:
        raise Refusal("a pyproject.toml has no line: version =")
    for name, sibling in versions.items():
        pattern = rf'"({re.escape(name)}(?:\[[^\]]*\])?)[<>=~!][^"]*"'
        text = re.sub(pattern, rf'"\g<1>{workspace.pin(sibling)}"', text)
    return text


def execute(root: Path, releases: list[Release], out: Path) -> None:
    """Release: one commit, a tag for each package. All or nothing."""
    versions = {package.name: package.version for package in workspace.packages(root)}
    versions |= {release.name: release.version for release in releases}
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        tree = Path(scratch).resolve() / "tree"
        git(root, "worktree", "add", "--quiet", "--detach", str(tree), "HEAD")
        try:
            apply(tree, releases, versions)
            if found := workspace.problems(tree):
                raise Refusal("after the edits: " + "; ".join(found))
            git(tree, "add", "--all")
            tags = [release.tag for release in releases]
            git(tree, "commit", "--quiet", "--message", "Release " + ", ".join(tags))
            commit = git(tree, "rev-parse", "HEAD").strip()
            artifacts.build(tree, [release.name for release in releases], out)
        finally:
            git(root, "worktree", "remove", "--force", str(tree))
    git(root, "merge", "--quiet", "--ff-only", commit)
    for tag in tags:
        git(root, "tag", "--annotate", "--message", tag, tag, commit)
    print_pushes(git(root, "rev-parse", "--abbrev-ref", "HEAD").strip(), releases)


def print_pushes(branch: str, releases: list[Release]) -> None:
    floor = {workspace.CORE: 0, workspace.UMBRELLA: 2}
    tags = [r.tag for r in sorted(releases, key=lambda r: floor.get(r.name, 1))]
    print("Released in this clone. To publish, push the commit, then the tags, core's first:")
    print(f"  git push origin {branch}")
    for start in range(0, len(tags), TAGS_PUSHED_AT_ONCE):
        print(f"  git push origin {' '.join(tags[start : start + TAGS_PUSHED_AT_ONCE])}")


def prepare(root: Path, names: list[str], *, really: bool, out: Path) -> int:
    if really and (dirty := git(root, "status", "--porcelain")):
        raise Refusal(f"the tree has changes that are not committed:\n{dirty.rstrip()}")
    every = statuses(root)
    releases = plan(every, names)
    if found := problems(root, every, releases):
        raise Refusal("\n".join(found))
    if not releases:
        print("Nothing to release: no package has a change fragment.")
        return 0
    print(table(releases))
    if really:
        execute(root, releases, out)
    else:
        print("Nothing was done; --execute does it.")
    return 0


def tagged(root: Path, tag: str) -> str:
    """The name of the package that the tag releases, if it and the checkout are fit for that."""
    every = {package.name: package for package in workspace.packages(root)}
    name = next((name for name in every if version_in(tag, name)), None)
    if name is None:
        raise Refusal(f"{tag} is no tag of a package: <package>-vX.Y.Z")
    package, version = every[name], version_in(tag, name)
    if package.version != version:
        raise Refusal(f"{tag}: the version of {name} is {package.version}")
    if left := [path.name for path, _ in fragments(package)]:
        raise Refusal(f"{tag}: fragments are left over: {', '.join(left)}")
    changelog = (package.directory / "CHANGELOG.md").read_text(encoding="utf-8")
    if f"\n## {version} (" not in changelog:
        raise Refusal(f"{tag}: the changelog has no entry for {version}")
    if git(root, "rev-parse", f"{tag}^{{commit}}") != git(root, "rev-parse", "HEAD"):
        raise Refusal(f"{tag}: check the tag out first")
    if dirty := git(root, "status", "--porcelain"):
        raise Refusal(f"{tag}: the tree is not what was tagged:\n{dirty.rstrip()}")
    return name


def with_next_core(root: Path) -> dict[str, str]:
    """The features, by name, whose last tag takes the next version of core, and that tag."""
    every = statuses(root)
    core = every[workspace.CORE].package.version
    core = next((r.version for r in plan(every) if r.name == workspace.CORE), core)
    found: dict[str, str] = {}
    for name, status in every.items():
        if not status.tag or not status.package.is_feature:
            continue
        metadata = git(root, "show", f"{status.tag}:packages/{name}/pyproject.toml")
        pins = [
            requirement.removeprefix(workspace.CORE)
            for requirement in tomllib.loads(metadata)["project"]["dependencies"]
            if workspace.requirement_name(requirement) == workspace.CORE
        ]
        if all(workspace.is_pin(pin, core) for pin in pins):
            found[name] = status.tag
    return found


def extract(root: Path, tag: str, path: str, target: Path) -> None:
    """Write the files below ``path`` as they were with the tag."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch, "tagged.tar")
        git(root, "archive", f"--output={archive}", tag, path)
        with tarfile.open(archive) as tar:
            tar.extractall(target, filter="data")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    first = commands.add_parser("prepare", help="what would be released; --execute releases it")
    first.add_argument("names", nargs="*", metavar="NAME", help="default: all that changed")
    first.add_argument("--execute", action="store_true", help="commit, build, verify and tag")
    second = commands.add_parser("build", help="build and verify what a tag releases")
    second.add_argument("tag")
    for each in (first, second):
        each.add_argument("--out", type=Path, default=Path("dist"), help="default: %(default)s")
        each.add_argument("--root", type=Path, default=workspace.ROOT, help="of the workspace")
    options = parser.parse_args(argv)
    root, out = options.root.resolve(), options.out.resolve()
    try:
        if options.command == "prepare":
            return prepare(root, options.names, really=options.execute, out=out)
        artifacts.build(root, [tagged(root, options.tag)], out)
    except Refusal as refusal:
        print(f"Refused: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
