"""Stamps a new package out of ``tools/template`` and checks that all packages stay alike.

    python tools/package.py new ninja-boost-x --summary "What it is." --feature
    python tools/package.py check
    python tools/package.py boundaries      # the import-linter contract, as TOML
    python tools/package.py checks          # every system check of the READMEs, as a table

Standard library only; Python 3.11 or newer.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import string
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import system_checks

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = Path(__file__).resolve().parent / "template"
CORE = "ninja-boost-core"
UMBRELLA = "django-ninja-boost"
TOP_FLOOR = {UMBRELLA, "ninja-boost-cli"}
FEATURE_GROUP = "ninja_boost.features"
FRAMEWORK = ["django>=5.2", "django-ninja>=1.5", "pydantic>=2.8"]
FIRST_VERSION = "0.1.0"
ALIKE = ["LICENSE", "conftest.py"]
"""Files that are the same in every package."""
PRESENT = ["README.md", "CHANGELOG.md", "changelog.d", "tests/__init__.py", "tests/settings.py"]


def normalised(name: str) -> str:
    """A distribution name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def import_name(distribution: str) -> str:
    return "ninja_boost" if distribution == UMBRELLA else distribution.replace("-", "_")


def requirement_name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    return normalised(match.group()) if match else ""


def parts(version: str) -> tuple[int, int, int]:
    """The numbers of X.Y.Z; what follows them says nothing of compatibility."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if found is None:
        raise ValueError(f"{version!r} is no version X.Y.Z")
    return int(found[1]), int(found[2]), int(found[3])


def pin(version: str) -> str:
    """The range of a sibling's releases that promise not to break: the rest of a minor version."""
    major, minor, patch = parts(version)
    lower = f"{major}.{minor}.{patch}" if patch else f"{major}.{minor}"
    return f">={lower},<{major}.{minor + 1}"


def is_pin(specifier: str, version: str) -> bool:
    """Whether the specifier is the range of a sibling's minor version, from at most this patch."""
    major, minor, patch = parts(version)
    lower = f">={major}.{minor}"
    allowed = {lower, *(f"{lower}.{each}" for each in range(patch + 1))}
    first, _, second = ",".join(sorted(specifier.split(","), reverse=True)).partition(",")
    return first in allowed and second == f"<{major}.{minor + 1}"


@dataclass(frozen=True)
class Package:
    directory: Path

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        return tomllib.loads((self.directory / "pyproject.toml").read_text(encoding="utf-8"))

    @property
    def project(self) -> dict[str, Any]:
        project: dict[str, Any] = self.pyproject.get("project", {})
        return project

    @property
    def name(self) -> str:
        return self.directory.name

    @property
    def module(self) -> str:
        return import_name(self.name)

    @property
    def version(self) -> str:
        return str(self.project.get("version", ""))

    @property
    def dependencies(self) -> list[str]:
        return list(self.project.get("dependencies", []))

    @property
    def extras(self) -> list[str]:
        optional = self.project.get("optional-dependencies", {})
        return [requirement for extra in optional.values() for requirement in extra]

    @property
    def is_feature(self) -> bool:
        return self.name != CORE and self.name not in TOP_FLOOR

    def siblings(self, every: Iterable[Package]) -> list[str]:
        names = {package.name for package in every}
        return [name for d in self.dependencies if (name := requirement_name(d)) in names]


def packages(root: Path = ROOT) -> list[Package]:
    found = sorted((root / "packages").glob("*/pyproject.toml"))
    return [Package(path.parent) for path in found]


def closure(name: str, every: Iterable[Package]) -> list[Package]:
    """The package and the siblings it declares, directly or not; the package comes first."""
    by_name = {package.name: package for package in every}
    order: list[str] = [name]
    for current in order:
        order.extend(s for s in by_name[current].siblings(by_name.values()) if s not in order)
    return [by_name[each] for each in order]


def boundaries(every: Iterable[Package]) -> str:
    """The import-linter configuration: an arrow only ever points down."""
    every = list(every)
    floors = [
        [p.module for p in every if p.name in TOP_FLOOR],
        [p.module for p in every if p.is_feature],
        [p.module for p in every if p.name == CORE],
    ]
    # The umbrella re-exports the command; two features never import each other.
    separators = (" : ", " | ", " | ")
    layers = [by.join(floor) for by, floor in zip(separators, floors, strict=True) if floor]
    return "\n".join(
        [
            "[tool.importlinter]",
            f"root_packages = {json.dumps([p.module for p in every])}",
            "",
            "[[tool.importlinter.contracts]]",
            'name = "core, features, umbrella: an arrow only ever points down"',
            'type = "layers"',
            f"layers = {json.dumps(layers)}",
            "",
        ]
    )


@dataclass(frozen=True)
class Request:
    """What ``new`` was asked for."""

    distribution: str
    summary: str
    feature: bool = False
    version: str = FIRST_VERSION
    requires: tuple[str, ...] = ()


def fields(request: Request, every: Iterable[Package]) -> dict[str, str]:
    versions = {package.name: package.version for package in every}
    siblings = [
        r + pin(versions[requirement_name(r)])
        if requirement_name(r) in versions and r == requirement_name(r)
        else r
        for r in ([CORE] if request.feature else []) + list(request.requires)
    ]
    framework = FRAMEWORK if request.feature or request.distribution == CORE else []
    module = import_name(request.distribution)
    option = request.distribution.removeprefix("ninja-boost-").replace("-", "_")
    entry_point = (
        f'\n[project.entry-points."{FEATURE_GROUP}"]\n{option} = "{module}._feature:feature"\n'
        if request.feature
        else ""
    )
    return {
        "distribution": request.distribution,
        "module": module,
        "summary": request.summary.rstrip("."),
        "version": request.version,
        "option": option,
        "class_name": option.title().replace("_", "") + "Feature",
        "dependencies": "\n".join(f'    "{d}",' for d in [*framework, *siblings]),
        "entry_point": entry_point,
    }


def stamp(request: Request, root: Path = ROOT) -> list[Path]:
    """Writes the package's missing files and returns them; a file that is there stays as it is."""
    known = packages(root)
    values = fields(request, known)
    target = root / "packages" / request.distribution
    written = []
    for source in sorted(p for p in TEMPLATE.rglob("*") if p.is_file()):
        if "__pycache__" in source.parts or (source.stem == "_feature.py" and not request.feature):
            continue
        relative = source.relative_to(TEMPLATE).as_posix().removesuffix(".in")
        path = target / relative.replace("__module__", values["module"])
        text = source.read_text(encoding="utf-8")
        if source.suffix == ".in":
            text = string.Template(text).substitute(values)
        if write_missing(path, text):
            written.append(path)
    licence = target / "LICENSE"
    if write_missing(licence, (ROOT / "LICENSE").read_text(encoding="utf-8")):
        written.append(licence)
    return written


def write_missing(path: Path, text: str) -> bool:
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


def problems(root: Path = ROOT) -> list[str]:
    """Everything that is wrong with the packages below ``root``, one line each."""
    every = packages(root)
    found = [f"{p.name}: {text}" for p in every for text in package_problems(p, every)]
    stray = {d.name for d in (root / "packages").iterdir() if d.is_dir()} - {p.name for p in every}
    return found + [f"{name}: no pyproject.toml" for name in sorted(stray)]


def package_problems(package: Package, every: list[Package]) -> Iterator[str]:
    yield from metadata_problems(package)
    yield from file_problems(package)
    yield from dependency_problems(package, every)
    yield from entry_point_problems(package)
    yield from import_problems(package)
    runner = ROOT / "packages" / CORE / system_checks.RUNNER
    yield from system_checks.problems(package.directory, package.module, runner)


def metadata_problems(package: Package) -> Iterator[str]:
    values = fields(Request(package.name, package.project.get("description", "")), [])
    source = (TEMPLATE / "pyproject.toml.in").read_text(encoding="utf-8")
    template = tomllib.loads(string.Template(source).substitute(values))
    for key in ("name", "readme", "license", "license-files", "authors", "requires-python"):
        if package.project.get(key) != template["project"][key]:
            yield f"project.{key} is not {template['project'][key]!r}"
    if not package.project.get("description"):
        yield "project.description is empty"
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", package.version):
        yield "project.version is not a static X.Y.Z"
    if "version" in package.project.get("dynamic", []):
        yield "project.version is dynamic"
    missing = set(template["project"]["classifiers"]) - set(package.project.get("classifiers", []))
    for classifier in sorted(missing):
        yield f"classifier {classifier!r} is missing"
    if package.pyproject.get("build-system") != template["build-system"]:
        yield f"build-system is not {template['build-system']!r}"
    yield from tool_problems(package, template["tool"]["pytest"]["ini_options"])


def tool_problems(package: Package, pytest_template: dict[str, Any]) -> Iterator[str]:
    tool = package.pyproject.get("tool", {})
    wheel = tool.get("hatch", {}).get("build", {}).get("targets", {}).get("wheel", {})
    if wheel.get("packages") != [f"src/{package.module}"]:
        yield f"the wheel's packages are not ['src/{package.module}']"
    pytest = tool.get("pytest", {}).get("ini_options", {})
    for key, value in pytest_template.items():
        if key == "addopts":
            if not set(value) <= set(pytest.get(key, [])):
                yield f"pytest's addopts lack some of {value!r}"
        elif key == "filterwarnings":
            if pytest.get(key, [])[:1] != value:
                yield "pytest's filterwarnings do not start with 'error'"
        elif pytest.get(key) != value:
            yield f"pytest's {key} is not {value!r}"


def file_problems(package: Package) -> Iterator[str]:
    for name in [*PRESENT, f"src/{package.module}/__init__.py", f"src/{package.module}/py.typed"]:
        if not (package.directory / name).exists():
            yield f"{name} is missing"
    for name in ALIKE:
        source = (ROOT if name == "LICENSE" else TEMPLATE) / name
        path = package.directory / name
        if not path.exists() or path.read_text("utf-8") != source.read_text("utf-8"):
            yield f"{name} differs from {source.relative_to(ROOT)}"
    if not any((package.directory / "tests").glob("test_*.py")):
        yield "tests has no test_*.py"
    changelog = package.directory / "CHANGELOG.md"
    if changelog.exists() and "towncrier release notes start" not in changelog.read_text("utf-8"):
        yield "CHANGELOG.md has no towncrier marker"


def dependency_problems(package: Package, every: list[Package]) -> Iterator[str]:
    versions = {p.name: p.version for p in every if re.match(r"\d+\.\d+\.\d+", p.version)}
    for requirement in [*package.dependencies, *package.extras]:
        name = requirement_name(requirement)
        if name not in versions:
            continue
        specifier = re.sub(r"^[^\[<>=!~; ]+(\[[^\]]*\])?", "", requirement).replace(" ", "")
        if not is_pin(specifier, versions[name]):
            yield f"{requirement!r} should be '{name}{pin(versions[name])}'"
    yield from floor_problems(package, package.siblings(every), {p.name for p in every})


def floor_problems(package: Package, siblings: list[str], every: set[str]) -> Iterator[str]:
    if package.name == CORE and siblings:
        yield f"core depends on {', '.join(siblings)}"
    if package.is_feature:
        if CORE not in siblings:
            yield f"a feature depends on {CORE}"
        for name in siblings:
            if name != CORE:
                yield f"a feature may depend on no sibling but {CORE}, not on {name}"
    if package.name == UMBRELLA:
        for name in sorted(every - TOP_FLOOR - set(siblings)):
            yield f"the umbrella does not depend on {name}"


def entry_point_problems(package: Package) -> Iterator[str]:
    points = package.project.get("entry-points", {}).get(FEATURE_GROUP, {})
    if package.is_feature and not points:
        yield f"no entry point in the group {FEATURE_GROUP}"
    for name, target in points.items():
        module = target.partition(":")[0]
        if not target.startswith(f"{package.module}."):
            yield f"entry point {name} leads to {target}, outside {package.module}"
        elif not (package.directory / "src" / (module.replace(".", "/") + ".py")).is_file():
            yield f"entry point {name} leads to {module}, which does not exist"


def import_problems(package: Package) -> Iterator[str]:
    """A feature knows core by its public names only."""
    if not package.is_feature:
        return
    for path in sorted((package.directory / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            for name in modules:
                top, *rest = name.split(".")
                foreign = top.startswith("ninja_boost") and top != package.module
                if foreign and any(re.match(r"_(?!_)", part) for part in rest):
                    where = f"{path.relative_to(package.directory)}:{node.lineno}"
                    yield f"{where} imports {name}, which is private"


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new", help="stamp out a package; existing files stay as they are")
    new.add_argument("distribution")
    new.add_argument("--summary", required=True, help="one line for the metadata and the README")
    new.add_argument("--feature", action="store_true", help="depends on core, has an entry point")
    new.add_argument("--version", default=FIRST_VERSION)
    new.add_argument("--requires", action="append", default=[], metavar="REQUIREMENT")
    commands.add_parser("check", help="compare every package with the template and its siblings")
    commands.add_parser("boundaries", help="print the import-linter configuration")
    commands.add_parser("checks", help="print the system checks of all packages, as Markdown")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    if options.command == "boundaries":
        print(boundaries(packages()), end="")
        return 0
    if options.command == "checks":
        print(system_checks.table(package.directory for package in packages()), end="")
        return 0
    if options.command == "check":
        found = problems()
        for line in found:
            print(line, file=sys.stderr)
        print(f"{len(packages())} packages checked, {len(found)} problems")
        return 1 if found else 0
    if not re.fullmatch(r"ninja-boost(-[a-z0-9]+)+|django-ninja-boost", options.distribution):
        print(f"{options.distribution}: a package is named ninja-boost-<noun>", file=sys.stderr)
        return 2
    request = Request(
        options.distribution,
        options.summary,
        options.feature,
        options.version,
        tuple(options.requires),
    )
    for path in stamp(request):
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
