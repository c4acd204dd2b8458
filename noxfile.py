"""Everything a change must pass: ``nox`` runs the default sessions, ``nox -l`` lists them.

Packages are tested as users get them: from the wheel, with only what it declares. Siblings come
from the wheels in dist/, by path, and never from an index.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
DIST = ROOT / "dist"
sys.path.insert(0, str(ROOT / "tools"))
import package as workspace  # noqa: E402

PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PACKAGES = {each.name: each for each in workspace.packages(ROOT)}
COMBINATIONS = [
    nox.param("3.11", "django~=5.2.0", id="3.11-django5.2"),
    nox.param("3.12", "django~=6.1.0", id="3.12-django6.1"),
    nox.param("3.13", "django~=6.1.0", id="3.13-django6.1"),
]

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = bool(os.environ.get("CI"))
nox.options.sessions = [
    # The isolated runs have Django 5.2; the pair between is for the nightly run.
    *("lint", "tools", "isolated", "matrix(3.13-django6.1)", "lowest"),
    *("integration", "scaffold", "yardstick", "build"),
]


LINT = ["backend", "nox", "lint", "airline"]
PLUGIN = "ninja-boost-testing"
PYTEST = ["-q", "-rs", "--timeout=300"]


def group(name: str) -> list[str]:
    return list(nox.project.dependency_groups(PROJECT, name))


def test_group(names: list[str]) -> list[str]:
    """The test tools, and what the packages' own tests need on top."""
    own = {r for n in names for r in PACKAGES[n].pyproject["dependency-groups"]["test"]}
    return [*group("test"), *sorted(own)]


def uv() -> str:
    try:
        from uv import find_uv_bin
    except ImportError:
        return "uv"
    return find_uv_bin()


@cache
def wheel(name: str) -> Path:
    """The wheel of a package as it is now; it is built once in a run of nox."""
    stem = name.replace("-", "_")
    for old in DIST.glob(f"{stem}-*"):
        old.unlink()
    nox.command.run(
        [uv(), "build", "--quiet", "--out-dir", str(DIST), str(PACKAGES[name].directory)],
        external=True,
        log=False,
    )
    return next(DIST.glob(f"{stem}-*.whl"))


def wheels(names: list[str]) -> list[str]:
    needed = {p.name: p for n in names for p in workspace.closure(n, PACKAGES.values())}
    return [str(wheel(name)) for name in sorted(needed)]


def laid_out(session: nox.Session, name: str) -> Path:
    """The package's tests out of the tree, to run beside the installed wheel."""
    source = PACKAGES[name].directory
    target = Path(session.create_tmp()).resolve() / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in ("pyproject.toml", "conftest.py", "README.md"):
        shutil.copy(source / file, target / file)
    shutil.copytree(
        source / "tests", target / "tests", ignore=shutil.ignore_patterns("__pycache__")
    )
    return target


def side_by_side(session: nox.Session, jobs: list[tuple[str, Path, list[list[str]]]]) -> None:
    """Run each job's commands in its directory, several jobs at a time.

    The tests of some packages wait for servers most of the time. The output of a job is shown
    when it has ended, and the names of those that failed at the end.
    """
    environment = {**os.environ, **{k: v for k, v in session.env.items() if v is not None}}

    def run(job: tuple[str, Path, list[list[str]]]) -> tuple[str, float, int, str]:
        name, directory, commands = job
        start, code, output = time.monotonic(), 0, ""
        for command in commands:
            done = subprocess.run(
                command,
                cwd=directory,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            code, output = done.returncode, output + done.stdout
            if code:
                break
        return name, time.monotonic() - start, code, output

    failed = []
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        for ended in as_completed([pool.submit(run, job) for job in jobs]):
            name, seconds, code, output = ended.result()
            session.log(f"{name}: {'failed' if code else 'passed'} in {seconds:.0f} s")
            print(output, flush=True)
            if code:
                failed.append(name)
    if failed:
        session.error(f"failed: {', '.join(sorted(failed))}")


def longest_first() -> list[str]:
    def weight(name: str) -> int:
        tests = PACKAGES[name].directory / "tests"
        return sum(file.stat().st_size for file in tests.rglob("*.py"))

    return sorted(PACKAGES, key=weight, reverse=True)


def run_all_package_tests(session: nox.Session, *options: str, runner: Sequence[str] = ()) -> None:
    """Few examples a property, and no slow tests: the isolated runs have had both."""
    python = str(Path(session.bin) / "python")
    options = (*options, "--hypothesis-profile=quick", "-m", "not slow", *session.posargs)
    command = [python, *runner, "-m", "pytest", *PYTEST, *options]
    # What it resets after each test is for users' tests, and for its own.
    without = ["-p", "no:ninja_boost_testing"]
    jobs = [
        (name, laid_out(session, name), [[*command, *(() if name == PLUGIN else without)]])
        for name in longest_first()
    ]
    side_by_side(session, jobs)


def external_requirements() -> list[str]:
    return sorted(
        requirement
        for package in PACKAGES.values()
        for requirement in package.dependencies
        if workspace.requirement_name(requirement) not in PACKAGES
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types, boundaries and metadata; every check runs, whatever the others say."""
    session.install(*(r for name in LINT for r in group(name)), *test_group(list(PACKAGES)))
    editable = [arg for p in PACKAGES.values() for arg in ("-e", str(p.directory))]
    session.install("--no-build-isolation", *editable)
    config = Path(session.create_tmp()) / "boundaries.toml"
    config.write_text(workspace.boundaries(PACKAGES.values()), encoding="utf-8")
    sources = os.pathsep.join(str(p.directory / "src") for p in PACKAGES.values())
    modules = [arg for p in PACKAGES.values() for arg in ("-p", p.module)]
    failed: list[str] = []
    check(session, failed, "ruff", "check", ".")
    check(session, failed, "ruff", "format", "--check", ".")
    check(session, failed, "python", "tools/package.py", "check")
    check(session, failed, "mypy", *modules, env={"MYPYPATH": sources})
    check(session, failed, "mypy", "tools/package.py", "tools/dev.py", "noxfile.py")
    check(session, failed, "lint-imports", "--config", str(config), "--no-cache")
    for package in PACKAGES.values():
        with session.chdir(package.directory):
            check(session, failed, "deptry", "src", "--known-first-party", package.module, *DEPTRY)
    if failed:
        session.error("failed:\n" + "\n".join(failed))


def check(
    session: nox.Session, failed: list[str], *command: str, env: dict[str, str] | None = None
) -> None:
    try:
        session.run(*command, env=env)
    except nox.command.CommandFailed:
        failed.append(" ".join(command[:3]))


DEPTRY = [
    "--package-module-name-map",
    "django=django,django-ninja=ninja,pyjwt=jwt,"
    + ",".join(f"{p.name}={p.module}" for p in PACKAGES.values()),
    "--per-rule-ignores",
    # Every feature names the framework it is tested with; the umbrella re-exports lazily.
    # asgiref comes with every Django, pydantic_core with every pydantic; redis-py is for the
    # Redis cache of Django's own.
    "DEP003=asgiref|pydantic_core,DEP002=django|django-ninja|pydantic|redis|" + "|".join(PACKAGES),
]


@nox.session
def typing(session: nox.Session) -> None:
    """The public names of every package are fully typed, as pyright sees the wheel."""
    session.install(*wheels(list(PACKAGES)), *group("lint"), *test_group(list(PACKAGES)))
    unknown = []
    for package in PACKAGES.values():
        with session.chdir(session.create_tmp()):
            output = session.run(
                "pyright",
                "--verifytypes",
                package.module,
                "--ignoreexternal",
                "--outputjson",
                silent=True,
                success_codes=[0, 1],
            )
        report = json.loads(str(output))["typeCompleteness"]
        unknown += [
            f"{symbol['name']}: {diagnostic['message']}"
            for symbol in report["symbols"]
            for diagnostic in symbol["diagnostics"]
            if symbol["isExported"] and not symbol["isTypeKnown"]
        ]
        session.log(f"{package.module}: {report['completenessScore']:.1%}")
    if unknown:
        session.error("untyped public names:\n" + "\n".join(sorted(set(unknown))))


@nox.session
def tools(session: nox.Session) -> None:
    """The tests of tools/ itself."""
    session.install(*group("test"), *group("backend"))
    session.run("python", "-m", "pytest", "-q", "tools/tests", "-c", "tools/tests/pytest.ini")


@nox.session
@nox.parametrize("package", list(PACKAGES))
def tests(session: nox.Session, package: str) -> None:
    """Isolation: one package's wheel, what it declares, and its tests."""
    session.install(*wheels([package]), *test_group([package]))
    with session.chdir(laid_out(session, package)):
        session.run("python", "-m", "pytest", *PYTEST, *session.posargs)


@nox.session
def isolated(session: nox.Session) -> None:
    """The same for every package, each in an environment of its own, several at a time."""
    jobs = []
    for name in longest_first():
        target = laid_out(session, name)
        python = str(target / ".venv" / "bin" / "python")
        venv = [uv(), "venv", "--quiet", f"--python={sys.executable}", ".venv"]
        needed = [*wheels([name]), *test_group([name])]
        install = [uv(), "pip", "install", "--quiet", f"--python={python}", *needed]
        run = [python, "-m", "pytest", *PYTEST, *session.posargs]
        jobs.append((name, target, [venv, install, run]))
    side_by_side(session, jobs)


@nox.session
@nox.parametrize(["python", "django"], COMBINATIONS)
def matrix(session: nox.Session, django: str) -> None:
    """All packages together on the supported pairs of Python and Django."""
    names = list(PACKAGES)
    session.install(*wheels(names), django, *test_group(names))
    run_all_package_tests(session)


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """The oldest versions that the packages say they work with."""
    tmp = Path(session.create_tmp())
    (tmp / "lowest.in").write_text("\n".join(external_requirements()), encoding="utf-8")
    session.run_install(
        uv(),
        "pip",
        "compile",
        "--quiet",
        "--resolution=lowest-direct",
        "--python-version=3.11",
        f"--output-file={tmp / 'lowest.txt'}",
        str(tmp / "lowest.in"),
        external=True,
    )
    names = list(PACKAGES)
    session.install(*wheels(names), f"--constraint={tmp / 'lowest.txt'}", *test_group(names))
    # The README pages show what the current Ninja offers.
    run_all_package_tests(session, "tests")


@nox.session
def integration(session: nox.Session) -> None:
    """All packages in a real project, with a real server process."""
    session.install(*wheels(list(PACKAGES)), *group("integration"))
    with session.chdir("tests-integration"):
        session.run("python", "-m", "pytest", *PYTEST, *session.posargs)


@nox.session
def scaffold(session: nox.Session) -> None:
    """What the command line makes: each choice of options, its own tests, real servers."""
    name = "ninja-boost-cli"
    session.install(*wheels(list(PACKAGES)), *test_group([name]), "prometheus-client>=0.21")
    with session.chdir(laid_out(session, name)):
        command = ["python", "-m", "pytest", *PYTEST, "-p", f"no:{PLUGIN.replace('-', '_')}"]
        session.run(*command, "-m", "slow", *session.posargs)


@nox.session
def yardstick(session: nox.Session) -> None:
    """Django Ninja's own test suite, with our classes in the place of Ninja's."""
    suite = ROOT / "tests-integration" / "ninja_suite"
    session.install(*wheels(["ninja-boost-core"]), "-r", str(suite / "requirements.txt"))
    session.run("python", str(suite / "run.py"), *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Each script of tools/bench; the names of some may follow the --."""
    rivals = ("django-auditlog", "django-prometheus", "python-json-logger", "structlog")
    session.install(*wheels(list(PACKAGES)), *group("integration"), *rivals)
    wanted = session.posargs or [p.stem for p in sorted((ROOT / "tools/bench").glob("[!_]*.py"))]
    for name in wanted:
        session.run("python", f"tools/bench/{name}.py")


@nox.session
def coverage(session: nox.Session) -> None:
    """Branch coverage of all package tests."""
    names = list(PACKAGES)
    session.install(*wheels(names), *test_group(names))
    data = Path(session.create_tmp()) / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    env = {"COVERAGE_FILE": str(data / "coverage")}
    session.env.update(env)
    source = ",".join(p.module for p in PACKAGES.values())
    rcfile = f"--rcfile={ROOT / 'pyproject.toml'}"
    runner = ["-m", "coverage", "run", rcfile, f"--source={source}"]
    run_all_package_tests(session, runner=runner)
    session.run("coverage", "combine", rcfile)
    session.run("coverage", "report", rcfile)


@nox.session
def build(session: nox.Session) -> None:
    """Wheels and source distributions, as a release would upload them."""
    session.install(*group("build"))
    for name in PACKAGES:
        wheel(name)
    session.run("twine", "check", "--strict", *(str(p) for p in sorted(DIST.glob("*-*"))))
