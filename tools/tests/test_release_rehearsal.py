"""The life of some releases: a throw-away clone of this tree, a local index, and its users.

Everything is real but the index, which is a directory behind an HTTP server on this machine. The
tests follow upon each other. Run with ``-s``, what is printed is the transcript.
"""

import os
import shutil
import subprocess
import sys
import threading
import tomllib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import package as workspace

from .conftest import Clone

pytestmark = pytest.mark.slow

CORE, JWT, PAGES, UMBRELLA = (
    "ninja-boost-core",
    "ninja-boost-jwt",
    "ninja-boost-pagination",
    "django-ninja-boost",
)
UV = os.environ.get("UV", "uv")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing of each request."""


class Rehearsal(Clone):
    """The clone, the files of its releases, and what its users do."""

    def __init__(self, base: Path) -> None:
        super().__init__(base / "clone")
        self.base = base
        self.index = base / "index"
        self.users = 0
        self.url = ""

    def run(self, *command: str, code: int = 0, **environment: str) -> str:
        """The output of a command in the clone, which is said to end with the code."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def release(self, *arguments: str, code: int = 0) -> str:
        print(f"\n$ python tools/release.py {' '.join(arguments)}")
        command = [sys.executable, "tools/release.py", *arguments]
        if arguments[0] == "build" or "--execute" in arguments:
            command += ["--out", str(self.base / "out")]
        said = self.run(*command, code=code)
        print("".join(f"{line}\n" for line in short(said.splitlines())), end="")
        return said

    def publish(self) -> list[str]:
        """What the job of a release does, tag by tag: build, verify, and "upload" to the index."""
        tags = self.git("tag", "--points-at", "HEAD").split()
        for file in sorted((self.base / "out").glob("*")):
            name = workspace.normalised(file.name.split("-")[0])
            target = self.index / "simple" / name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            assert not target.exists(), f"{file.name} was published before"
            shutil.move(file, target)
        return tags

    def user(self) -> "User":
        self.users += 1
        return User(self, self.base / f"user{self.users}")

    def version(self, name: str) -> str:
        text = (self.package(name) / "pyproject.toml").read_text()
        return str(tomllib.loads(text)["project"]["version"])


def short(lines: list[str]) -> list[str]:
    return lines if len(lines) < 14 else [*lines[:6], f"... {len(lines) - 9} lines", *lines[-3:]]


class User:
    """An environment that installs from the index; of it come our names, and no others."""

    def __init__(self, rehearsal: Rehearsal, venv: Path) -> None:
        self.rehearsal = rehearsal
        self.python = venv / "bin" / "python"
        rehearsal.run(UV, "venv", "--quiet", f"--python={sys.executable}", str(venv))

    def install(self, *requirements: str, code: int = 0) -> str:
        print(f"\n$ uv pip install {' '.join(requirements)}")
        ours = [f"--refresh-package={p.name}" for p in workspace.packages(self.rehearsal.root)]
        said = self.rehearsal.run(
            *(UV, "pip", "install", f"--python={self.python}", *ours),
            *(f"--index={self.rehearsal.url}", *requirements),
            code=code,
        )
        lines = [line for line in said.splitlines() if "boost" in line]
        print("".join(f"{line}\n" for line in short(lines)), end="")
        return said

    def versions(self) -> dict[str, str]:
        said = self.rehearsal.run(UV, "pip", "freeze", f"--python={self.python}")
        found = dict(line.split("==") for line in said.splitlines() if "==" in line)
        return {name: version for name, version in found.items() if "ninja-boost" in name}

    def works(self) -> None:
        smoke = str(self.rehearsal.root / "tools/smoke.py")
        self.rehearsal.run(str(self.python), "-s", "-P", smoke, "--expect", *self.versions())


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory):
    made = Rehearsal(tmp_path_factory.mktemp("rehearsal"))
    listed = subprocess.run(
        ["git", "-C", str(workspace.ROOT), "ls-files", "-coz", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split("\0"):
        source = workspace.ROOT / name
        if name and source.is_file():
            target = made.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    # A function that a later release takes away, whatever the package has besides.
    promised = made.package(JWT) / "src/ninja_boost_jwt/rehearsed.py"
    promised.write_text(
        '"""For the rehearsal."""\n\n\ndef greet(name: str) -> str:\n    return name\n'
    )
    made.start()
    (made.index / "simple").mkdir(parents=True)
    handler = partial(Quiet, directory=str(made.index))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        made.url = f"http://127.0.0.1:{server.server_port}/simple"
        yield made
        server.shutdown()
        thread.join()


def test_the_first_release(rehearsal):
    names = [package.name for package in workspace.packages(rehearsal.root)]
    assert "no package has the tag of a release yet" in rehearsal.run(*nox("api"))
    said = rehearsal.release("prepare")
    assert all(name in said for name in names)
    assert rehearsal.git("tag") == ""
    rehearsal.release("prepare", "--execute")
    assert len(rehearsal.publish()) == len(names)
    assert rehearsal.git("status", "--porcelain") == ""
    assert "Nothing to release" in rehearsal.release("prepare")


@pytest.fixture(scope="module")
def early(rehearsal):
    """Two users who installed after the first release: one chose packages, one took all."""
    chooser, collector = rehearsal.user(), rehearsal.user()
    chooser.install(JWT, PAGES)
    collector.install(UMBRELLA)
    assert chooser.versions() == {CORE: "0.1.0", JWT: "0.1.0", PAGES: "0.1.0"}
    assert collector.versions()[UMBRELLA] == "0.4.0"
    chooser.works()
    collector.works()
    return chooser, collector


def test_a_break_without_a_fragment_is_refused(rehearsal, early):
    promised = rehearsal.package(JWT) / "src/ninja_boost_jwt/rehearsed.py"
    promised.write_text('"""For the rehearsal."""\n')
    rehearsal.fragment(JWT, "fixed", "first")
    rehearsal.commit("Break a promise")
    print("\n$ nox -s api -- ninja-boost-jwt")
    said = rehearsal.run(*nox("api", JWT), code=1)
    assert "breaks without a fragment 'changed' or 'removed'" in said
    print(next(line for line in said.splitlines() if "greet" in line))
    rehearsal.fragment(JWT, "removed", "greeting")
    rehearsal.commit("Say so")
    assert "greet" in rehearsal.run(*nox("api", JWT))


def test_three_packages_at_versions_of_their_own(rehearsal):
    rehearsal.change(CORE, "fixed")
    rehearsal.change(PAGES, "added")
    said = rehearsal.release("prepare", "--execute")
    assert f"needs {JWT}" in said
    versions = {name: rehearsal.version(name) for name in (CORE, PAGES, JWT, UMBRELLA)}
    assert versions == {CORE: "0.1.1", PAGES: "0.1.1", JWT: "0.2.0", UMBRELLA: "0.5.0"}
    expected = {f"{name}-v{version}" for name, version in versions.items()}
    assert set(rehearsal.publish()) == expected


def test_one_of_them_again_and_alone(rehearsal):
    rehearsal.change(JWT, "fixed", slug="second")
    rehearsal.release("prepare", "--execute")
    assert rehearsal.publish() == [f"{JWT}-v0.2.1"]


def test_a_release_job_builds_what_was_tagged(rehearsal):
    rehearsal.release("build", f"{JWT}-v0.2.1")
    built = {file.name for file in (rehearsal.base / "out").iterdir()}
    assert built == {"ninja_boost_jwt-0.2.1-py3-none-any.whl", "ninja_boost_jwt-0.2.1.tar.gz"}
    shutil.rmtree(rehearsal.base / "out")
    said = rehearsal.release("build", f"{CORE}-v0.1.0", code=1)
    assert f"the version of {CORE} is 0.1.1" in said


def test_a_user_upgrades_one_package_alone(early):
    chooser, _ = early
    chooser.install("--upgrade-package", JWT, JWT)
    # Core follows, for the new version was released with it; the other feature stays.
    assert chooser.versions() == {CORE: "0.1.1", JWT: "0.2.1", PAGES: "0.1.0"}
    chooser.works()


def test_an_incompatible_pin_is_refused_by_the_resolver(early):
    _, collector = early
    before = collector.versions()
    said = " ".join(collector.install(f"{UMBRELLA}==0.4.0", f"{JWT}==0.2.1", code=1).split())
    assert f"depends on {JWT}>=0.1,<0.2" in said
    assert "your requirements are unsatisfiable" in said
    assert collector.versions() == before
    # Upgraded alone, the feature stays within what the umbrella takes.
    collector.install("--upgrade-package", JWT, UMBRELLA, JWT)
    assert collector.versions() == before


def test_the_umbrella_brings_all_that_was_released(early):
    _, collector = early
    collector.install("--upgrade", UMBRELLA)
    found = collector.versions()
    assert {name: found[name] for name in (CORE, PAGES, JWT, UMBRELLA)} == {
        CORE: "0.1.1",
        PAGES: "0.1.1",
        JWT: "0.2.1",
        UMBRELLA: "0.5.0",
    }
    collector.works()


def test_a_new_core_is_tried_under_old_features(rehearsal):
    rehearsal.change(CORE, "fixed", slug="third")
    print(f"\n$ nox -s old-features -- {PAGES}")
    said = rehearsal.run(*nox("old-features", PAGES), CI="")
    assert f"with the core of this tree: {PAGES}-v0.1.1" in said
    assert f"{PAGES}: passed" in said
    rehearsal.change(CORE, "fixed", text='\nraise ImportError("broken")\n', slug="fourth")
    assert f"failed: {PAGES}" in rehearsal.run(*nox("old-features", PAGES), CI="", code=1)
    print(f"passed with {PAGES}-v0.1.1; a broken core was found")


def nox(session: str, *names: str) -> list[str]:
    return [sys.executable, "-m", "nox", "-s", session, "--", *names]
