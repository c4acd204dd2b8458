"""Where a new project gets django-ninja-boost from: files in its directory ``wheels``.

The public index has another project under that name, so that its requirements never name it.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from .plan import Refused

__all__ = ["Wheels", "find_wheels"]

UMBRELLA = "django-ninja-boost"
WHEEL = re.compile(
    r"(?P<name>django_ninja_boost|ninja_boost_[a-z0-9_]+)-(?P<version>[^-]+)-py3-none-any\.whl"
)
OURS = re.compile(r"(?:ninja-boost-|django-ninja-boost)[a-z0-9-]*")


@dataclass(frozen=True)
class Wheels:
    """The files that a project installs.

    Attributes:
        names: the names of the files.
        found: those that are there, to be copied.
        checkout: where the others can be built from, if it is known.
    """

    names: tuple[str, ...]
    found: tuple[Path, ...] = ()
    checkout: Path | None = None


def find_wheels(source: Path | None) -> Wheels:
    """Return the wheels of a checkout, of a directory of wheels, or else of what is installed.

    Raises:
        Refused: the directory is neither, or nothing is installed.
    """
    if source is None:
        return _of_installation()
    source = source.resolve()
    if (source / "packages" / UMBRELLA / "pyproject.toml").is_file():
        return _of_checkout(source)
    if source.is_dir():
        return _of_directory(source)
    raise Refused(f"--source: {source} is no directory.")


def _of_directory(source: Path) -> Wheels:
    by_name: dict[str, Path] = {}
    for path in sorted(source.glob("*.whl")):
        if match := WHEEL.fullmatch(path.name):
            other = by_name.setdefault(match["name"], path)
            if other != path:
                raise Refused(
                    f"--source: {source} has {other.name} and {path.name}; leave only one of them."
                )
    if UMBRELLA.replace("-", "_") not in by_name:
        raise Refused(
            f"--source: {source} is neither a checkout of {UMBRELLA} nor a directory with its "
            "wheels, which are made in a checkout by:\n"
            "  python -m pip wheel --no-deps --wheel-dir DIRECTORY ./packages/*"
        )
    found = tuple(by_name[name] for name in sorted(by_name))
    return Wheels(tuple(path.name for path in found), found)


def _of_checkout(checkout: Path) -> Wheels:
    versions: dict[str, str] = {}
    waiting = [UMBRELLA]
    for name in waiting:
        path = checkout / "packages" / name / "pyproject.toml"
        if not path.is_file():
            raise Refused(f"--source: {checkout} is not complete: {path} is missing.")
        project = tomllib.loads(path.read_text("utf-8"))["project"]
        versions[name] = project["version"]
        required = map(_own_name, project["dependencies"])
        waiting += [each for each in dict.fromkeys(required) if each and each not in waiting]
    return Wheels(_file_names(versions), checkout=checkout)


def _of_installation() -> Wheels:
    versions: dict[str, str] = {}
    waiting = [UMBRELLA]
    for name in waiting:
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            raise Refused(
                f"{name} is not installed here. Say where its packages are: "
                "--source DIRECTORY, which is a checkout, or holds their wheels."
            ) from None
        if name == UMBRELLA and (checkout := _checkout_of(installed)):
            # It may have moved on since then, and its wheels will be those of today.
            return _of_checkout(checkout)
        versions[name] = installed.version
        required = [_own_name(r) for r in installed.requires or () if "extra ==" not in r]
        waiting += [each for each in dict.fromkeys(required) if each and each not in waiting]
    return Wheels(_file_names(versions))


def _own_name(requirement: str) -> str | None:
    match = OURS.match(requirement)
    return match.group().rstrip("-") if match else None


def _file_names(versions: dict[str, str]) -> tuple[str, ...]:
    return tuple(
        f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        for name, version in sorted(versions.items())
    )


def _checkout_of(installed: Distribution) -> Path | None:
    """The checkout that the umbrella was installed from (PEP 610)."""
    url = urlsplit(json.loads(installed.read_text("direct_url.json") or "{}").get("url", ""))
    if url.scheme != "file":
        return None
    path = Path(url2pathname(url.path))
    is_checkout = path.name == UMBRELLA and (path / "pyproject.toml").is_file()
    return path.parents[1] if is_checkout else None
