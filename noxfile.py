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
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
DIST = ROOT / "dist"
sys.path.insert(0, str(ROOT / "tools"))
import package as workspace  # noqa: E402
import release as releases  # noqa: E402

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
    *("lint", "tools", "typing", "docs", "api", "isolated", "matrix(3.13-django6.1)", "lowest"),
    *("integration", "scaffold", "yardstick", "build"),
]


TOOLS = ["nox", "test", "release", "workflows"]
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


def laid_out(session: nox.Session, name: str, source: Path | None = None) -> Path:
    """The package's tests out of the tree, to run beside the installed wheel."""
    source = source or PACKAGES[name].directory
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


def run_all_package_tests(
    session: nox.Session,
    *options: str,
    runner: Sequence[str] = (),
    sources: Mapping[str, Path] | None = None,
) -> None:
    """Few examples a property, and no slow tests: the isolated runs have had both.

    ``sources`` are the directories of the packages to test, if they are not all those of the tree.
    """
    python = str(Path(session.bin) / "python")
    # With sources, what follows the -- has chosen these.
    more = [] if sources else session.posargs
    options = (*options, "--hypothesis-profile=quick", "-m", "not slow", *more)
    command = [python, *runner, "-m", "pytest", *PYTEST, *options]
    # What it resets after each test is for users' tests, and for its own.
    without = ["-p", "no:ninja_boost_testing"]
    jobs = [
        (
            name,
            laid_out(session, name, sources[name] if sources else None),
            [[*command, *(() if name == PLUGIN else without)]],
        )
        for name in longest_first()
        if sources is None or name in sources
    ]
    side_by_side(session, jobs)


def chosen(session: nox.Session) -> list[str]:
    """The packages that are named after the --, or all of them."""
    if unknown := set(session.posargs) - set(PACKAGES):
        session.error(f"no package: {', '.join(sorted(unknown))}")
    return session.posargs or list(PACKAGES)


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
    scripts = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tools").glob("*.py"))
    check(session, failed, "mypy", *scripts, "noxfile.py")
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
        command = ["pyright", "--verifytypes", package.module, "--ignoreexternal", "--outputjson"]
        with session.chdir(session.create_tmp()):
            output = session.run(*command, silent=True, success_codes=[0, 1])
        report = json.loads(str(output))["typeCompleteness"]
        symbols = [each for each in report["symbols"] if not in_migration(each["name"])]
        if not symbols:
            unknown.append(f"{package.module}: pyright found no symbols")
        wrong = [each for each in symbols if not each["isTypeKnown"]]
        for each in wrong:
            said = [diagnostic["message"] for diagnostic in each["diagnostics"]]
            unknown.append(f"{each['name']}: {' '.join(said) or 'through another symbol'}")
        session.log(f"{package.module}: {len(symbols)} symbols, {len(wrong)} not fully typed")
    if unknown:
        session.error("untyped public names:\n" + "\n".join(sorted(set(unknown))))


def in_migration(symbol: str) -> bool:
    """Whether it is in a migration: Django writes and reads these, and nobody imports them."""
    return ".migrations." in symbol


@nox.session
def tools(session: nox.Session) -> None:
    """The tests of tools/ itself."""
    run_tool_tests(session, "-m", "not slow")


def run_tool_tests(session: nox.Session, *options: str) -> None:
    """Those that the options choose; pytest imports the files of all of them for that."""
    session.install(*(r for name in TOOLS for r in group(name)))
    command = ["python", "-m", "pytest", "-q", "tools/tests", "-c", "tools/tests/pytest.ini"]
    session.run(*command, *options, *session.posargs, env={"UV": uv()})


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


def resolved(session: nox.Session, requirements: list[str], resolution: str) -> Path:
    """A file with one version for everything that the requirements need."""
    wanted = Path(session.create_tmp()).resolve() / f"{resolution}.in"
    wanted.write_text("\n".join(requirements), encoding="utf-8")
    found = wanted.with_suffix(".txt")
    session.run_install(
        uv(),
        *("pip", "compile", "--quiet", f"--resolution={resolution}", "--python-version=3.11"),
        *("--no-header", f"--output-file={found}", str(wanted)),
        external=True,
    )
    return found


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """The oldest versions that the packages say they work with."""
    pins = resolved(session, external_requirements(), "lowest-direct")
    names = list(PACKAGES)
    session.install(*wheels(names), f"--constraint={pins}", *test_group(names))
    # The README pages show what the current Ninja offers.
    run_all_package_tests(session, "tests")


@nox.session
def integration(session: nox.Session) -> None:
    """All packages in a real project: its own tests, and what follows the -- on real servers."""
    session.install(*wheels(list(PACKAGES)), *group("integration"))
    directory = ROOT / "tests-integration"
    if session.posargs:
        with session.chdir(directory):
            session.run("python", "-m", "pytest", *PYTEST, *session.posargs)
        return
    pytest = [str(Path(session.bin) / "python"), "-m", "pytest", *PYTEST]
    # About as much as the others together: a browser, compilers and fuzzers.
    names = ("browser", "error_bodies", "fuzzing", "typescript", "versions")
    long = [f"tests/test_{name}.py" for name in names]
    others = [f"--ignore={file}" for file in long]
    jobs = [
        ("pages, clients and errors", directory, [[*pytest, *long]]),
        ("servers", directory, [[*pytest, *others]]),
        ("the project's own tests", directory / "airline", [pytest]),
    ]
    side_by_side(session, jobs)


@nox.session
def scaffold(session: nox.Session) -> None:
    """What the command line makes: from wheels, each choice of options, with real servers.

    In an environment with nothing but the wheel of the command a new user's project is made, and
    installed from the other wheels in one of its own. It runs its tests and its fuzzing, gets an
    app, and is served. Then each option is baked by itself, with all others, and with none.
    """
    name = "ninja-boost-cli"
    built = wheels(list(PACKAGES))
    # Without what a release or a developer has left in dist/.
    source = Path(session.create_tmp()).resolve() / "wheels"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    for file in built:
        shutil.copy(file, source)
    session.install(*built, *test_group([name]), *group("scaffold"))
    session.env["NINJA_BOOST_WHEELS"] = str(source)
    directory = laid_out(session, name)
    python = str(Path(session.bin) / "python")
    # The plugins are for users' tests, and for their APIs.
    without = ["-p", "no:ninja_boost_testing", "-p", "no:schemathesis"]
    command = [python, "-m", "pytest", *PYTEST, *without, "-m", "slow", *session.posargs]
    if session.posargs:
        with session.chdir(directory):
            session.run(*command)
        return
    # The one that takes longest comes first.
    files = ["choices", "new_user", "combinations", "servers", "projects"]
    side_by_side(session, [(f, directory, [[*command, f"tests/test_{f}.py"]]) for f in files])


@nox.session
def yardstick(session: nox.Session) -> None:
    """Django Ninja's own test suite with our classes; and all whom we compare with answer alike."""
    suite = ROOT / "tests-integration" / "ninja_suite"
    session.install(*wheels(["ninja-boost-core"]), "-r", str(suite / "requirements.txt"))
    session.run("python", str(suite / "run.py"), *session.posargs)
    if not session.posargs:
        session.install(*wheels(list(PACKAGES)), *group("bench"))
        session.run("python", "tools/bench", "--smoke")


@nox.session
def bench(session: nox.Session) -> None:
    """The suite of tools/bench, with its options after the --; or single scripts there by name."""
    session.install(*wheels(list(PACKAGES)), *group("bench"))
    scripts = [p.stem for p in (ROOT / "tools/bench").glob("[!_]*.py") if p.stem != "measuring"]
    wanted = [name for name in session.posargs if name in scripts]
    if not wanted:
        session.run("python", "tools/bench", *session.posargs)
    for name in wanted:
        session.run("python", f"tools/bench/{name}.py")


@nox.session
def docs(session: nox.Session) -> None:
    """The site, strictly, with its examples run; the pages come to build/docs/html."""
    session.install(*group("docs"))
    editable = [arg for p in PACKAGES.values() for arg in ("-e", str(p.directory))]
    session.install("--no-build-isolation", *editable)
    session.run("python", "-m", "pytest", *PYTEST, "-c", "docs/pytest.ini", "docs")
    session.run("python", "docs/build.py", "build/docs")


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


@nox.session(venv_backend="none")
def subsets(session: nox.Session) -> None:
    """From wheels alone: each package, every pair of features, the umbrella less each feature.

    Only the combinations with one of the packages that are named after the --.
    """
    for name in PACKAGES:
        wheel(name)
    command = [sys.executable, "tools/subsets.py", "--wheels", str(DIST), *chosen(session)]
    session.run(*command, env={"UV": uv()}, external=True)


@nox.session(name="old-features")
def old_features(session: nox.Session) -> None:
    """The core of this tree under the features of their last tags, with the tests of these."""
    tags = {n: tag for n, tag in releases.with_next_core(ROOT).items() if n in chosen(session)}
    if not tags:
        session.skip("no released feature takes the next version of core")
    tmp = Path(session.create_tmp()).resolve()
    shutil.rmtree(tmp, ignore_errors=True)
    for name, tag in tags.items():
        releases.extract(ROOT, tag, f"packages/{name}", tmp / "old")
    sources = {name: tmp / "old" / "packages" / name for name in tags}
    for source in sources.values():
        build = ["build", "--quiet", "--wheel", "--out-dir", str(tmp / "wheels"), str(source)]
        session.run_install(uv(), *build, external=True)
    old = sorted(map(str, (tmp / "wheels").glob("*.whl")))
    session.install(*wheels([workspace.CORE]), *old, *test_group(list(tags)))
    session.log("with the core of this tree: " + ", ".join(tags.values()))
    # The README pages show what the current versions of everything offer.
    run_all_package_tests(session, "tests", sources=sources)


@nox.session
def api(session: nox.Session) -> None:
    """What each package promised with its last tag still holds, or a fragment says it does not."""
    tagged = {n: s for n, s in releases.statuses(ROOT).items() if s.tag and n in chosen(session)}
    if not tagged:
        session.skip("no package has the tag of a release yet")
    session.install(*group("release"))
    broken = []
    for name, status in tagged.items():
        source = str((status.package.directory / "src").relative_to(ROOT))
        command = ["griffe", "check", status.package.module, "--search", source]
        said = session.run(*command, f"--against={status.tag}", success_codes=[0, 1], silent=True)
        if said and not releases.BREAKING & set(status.kinds):
            broken.append(f"{name}:\n{said}")
        session.log(f"{name} against {status.tag}: {said or 'as it was'}")
    if broken:
        session.error("breaks without a fragment 'changed' or 'removed':\n" + "\n".join(broken))


@nox.session
def release(session: nox.Session) -> None:
    """tools/release.py with what follows the --; alone it shows what would be released."""
    session.install(*group("release"))
    arguments = session.posargs or ["prepare"]
    session.run("python", "tools/release.py", *arguments, env={"UV": uv()})


@nox.session
def rehearsal(session: nox.Session) -> None:
    """Releases in a throw-away clone, a local index, and users who upgrade."""
    run_tool_tests(session, "-m", "slow", "-s")


@nox.session
def vulnerabilities(session: nox.Session) -> None:
    """Known vulnerabilities in the newest versions of what the packages need."""
    session.install("pip-audit==2.10.1")
    extras = [r for package in PACKAGES.values() for r in package.extras]
    outside = [r for r in extras if workspace.requirement_name(r) not in PACKAGES]
    pins = resolved(session, external_requirements() + sorted(outside), "highest")
    session.run("pip-audit", "--strict", "--no-deps", "--disable-pip", f"--requirement={pins}")


@nox.session
def build(session: nox.Session) -> None:
    """Wheels and source distributions, as a release would upload them."""
    session.install(*group("build"))
    for name in PACKAGES:
        wheel(name)
    session.run("twine", "check", "--strict", *(str(p) for p in sorted(DIST.glob("*-*"))))
    session.run("python", "tools/artifacts.py", str(DIST))
