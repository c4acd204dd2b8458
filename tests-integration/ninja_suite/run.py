"""Runs Django Ninja's own test suite with our classes in the place of Ninja's.

The suite comes from Ninja's source distribution, downloaded by pip for the run. It is run three
times: as it is, with AutoAPI for NinjaAPI, and with AutoRouter for Router as well. A test that
passes on plain Ninja must pass with ours, or stand in expected.toml with the reason. Exits with 1
after an unexpected failure or an unexpected pass.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
VARIANTS = {
    "plain": "NinjaAPI and Router",
    "api": "AutoAPI for NinjaAPI",
    "router": "AutoAPI for NinjaAPI, AutoRouter for Router",
}
# Later source distributions leave the tests out.
LAST_WITH_TESTS = "1.6.2"
# Below this share of passes on plain Ninja the environment is wrong, and a comparison is worth
# nothing.
PLAIN_PASS_RATE = 0.95
MOST_PRINTED = 50

Outcomes = dict[str, str]


def download(version: str, directory: Path) -> Path:
    """Download Ninja's source distribution with pip; return the archive."""
    target = directory / version
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-binary", "django-ninja", "--dest", str(target)]
    subprocess.run([*command, f"django-ninja=={version}"], check=True)
    return next(target.glob("*.tar.gz"))


def unpack(archive: Path, directory: Path) -> Path | None:
    """Unpack tests and documentation examples; return their parent, or None without tests.

    Ninja's own package stays packed, so that the installed one is what is tested.
    """
    with tarfile.open(archive) as tar:
        wanted = [m for m in tar.getmembers() if m.name.split("/")[1:2] in (["tests"], ["docs"])]
        tar.extractall(directory, members=wanted, filter="data")
    return next((path.parent for path in directory.glob("*/tests")), None)


def find_suite(sdist: Path | None, directory: Path) -> tuple[Path, str]:
    """Return the unpacked suite, and a line that says where it is from."""
    installed = importlib.metadata.version("django-ninja")
    if sdist is not None:
        suite = unpack(sdist, directory / "given")
        if suite is None:
            raise SystemExit(f"{sdist} has no tests.")
        return suite, f"the suite of {sdist.name} against {installed}"
    suite = unpack(download(installed, directory), directory / "own")
    if suite is not None:
        return suite, f"the suite of {installed}"
    suite = unpack(download(LAST_WITH_TESTS, directory), directory / "last")
    if suite is None:
        raise SystemExit(f"The source distribution of {LAST_WITH_TESTS} has no tests.")
    return suite, (
        f"the suite of {LAST_WITH_TESTS} against {installed}, whose source distribution has none"
    )


def run_suite(suite: Path, variant: str) -> Outcomes:
    """Run the suite in a process of its own; return the outcome of each test."""
    report = suite / f"{variant}.json"
    output = suite / f"{variant}.txt"
    # Ninja's conftest adds the suite's directory to the path, but only after Django is set up.
    path = [str(HERE), str(suite / "tests"), str(suite / "tests/demo_project")]
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "suite_settings",
        "NINJA_SUITE_REPORT": str(report),
        "NINJA_SUITE_VARIANT": variant,
        "NINJA_SKIP_REGISTRY": "1",
        "PYTHONPATH": os.pathsep.join([*path, os.environ.get("PYTHONPATH", "")]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "substitution"]
    command += ["-p", "no:cacheprovider", "--continue-on-collection-errors", "tests"]
    with output.open("w", encoding="utf-8") as log:
        subprocess.run(
            command, cwd=suite, env=env, check=False, stdout=log, stderr=subprocess.STDOUT
        )
    if not report.exists():
        raise SystemExit(f"{variant}: pytest did not run.\n{output.read_text(encoding='utf-8')}")
    outcomes: Outcomes = json.loads(report.read_text(encoding="utf-8"))
    return outcomes


def expected_differences(variant: str) -> dict[str, str]:
    """Return the listed tests of a variant, each with its reason."""
    listed = tomllib.loads((HERE / "expected.toml").read_text(encoding="utf-8"))
    return {
        test: entry["reason"]
        for entry in listed["difference"]
        if variant in entry["variants"]
        for test in entry["tests"]
    }


def compare(plain: Outcomes, ours: Outcomes, expected: dict[str, str]) -> list[str]:
    """Return what is wrong with a run of ours; ``plain`` is the measure."""
    passing = {test for test, outcome in plain.items() if outcome == "passed"}
    failing = {test for test in passing if ours.get(test, "missing") != "passed"}
    # A module that cannot be imported is no test of the plain run.
    failing |= {test for test, outcome in ours.items() if outcome == "failed"} - plain.keys()
    wrong = [f"unexpected failure: {test}" for test in sorted(failing - expected.keys())]
    wrong += [f"unexpected pass: {test}" for test in sorted((expected.keys() & passing) - failing)]
    unknown = sorted(expected.keys() - plain.keys())
    return wrong + [f"listed, but not in the suite: {test}" for test in unknown]


def summary(outcomes: Outcomes) -> str:
    kinds = list(outcomes.values())
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("passed", "failed", "skipped"))
    return f"{len(kinds)} tests, {counts}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sdist", type=Path, help="a source distribution to take the suite from")
    parser.add_argument("--log", action="store_true", help="print pytest's output as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        suite, origin = find_suite(options.sdist, Path(directory))
        print(f"Django Ninja: {origin}")
        results = {}
        for variant, description in VARIANTS.items():
            results[variant] = run_suite(suite, variant)
            print(f"{variant} ({description}): {summary(results[variant])}", flush=True)
            if options.log:
                print((suite / f"{variant}.txt").read_text(encoding="utf-8"))
    plain = results.pop("plain")
    failing = sorted(test for test, outcome in plain.items() if outcome == "failed")
    if failing:
        print("Left out, for they fail on plain Ninja too:", *failing, sep="\n  ")
    if sum(outcome == "passed" for outcome in plain.values()) < PLAIN_PASS_RATE * len(plain):
        print("Too few tests pass on plain Ninja: install requirements.txt.")
        return 1
    wrong = []
    for variant, outcomes in results.items():
        expected = expected_differences(variant)
        wrong += [f"{variant}: {line}" for line in compare(plain, outcomes, expected)]
        for test, reason in expected.items():
            print(f"{variant}: listed difference: {test}: {reason}")
    for line in wrong[:MOST_PRINTED]:
        print(line)
    if len(wrong) > MOST_PRINTED:
        print(f"… and {len(wrong) - MOST_PRINTED} more")
    print("Not as expected." if wrong else "As expected.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
