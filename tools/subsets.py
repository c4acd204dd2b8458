"""Installs the built wheels in every combination that a user may choose, and tries each.

    python tools/subsets.py --wheels dist [NAME ...]

From empty environments and wheels alone: each package with what it declares, every pair of
features, the umbrella, and the umbrella with one feature uninstalled. With names, only the
combinations that have one of them. ``tools/smoke.py`` judges; a combination that fails is named
in one line. Needs uv; each package is installed once, a pair is the directories of the two.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import package as workspace

SMOKE = Path(__file__).resolve().parent / "smoke.py"


@dataclass(frozen=True)
class Outcome:
    """What became of one combination."""

    combination: str
    output: str
    failed: bool

    def __str__(self) -> str:
        lines = self.output.strip().splitlines() or ["no output"]
        return f"{self.combination}: {lines[-1]}"


@dataclass(frozen=True)
class Plan:
    """The combinations to try, by the names of packages."""

    alone: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    without: tuple[str, ...]


def plan(every: Iterable[workspace.Package], chosen: Iterable[str] = ()) -> Plan:
    """All combinations, or those that have one of the chosen packages.

    Raises SystemExit if a chosen name is no package.
    """
    every = list(every)
    names = [package.name for package in every]
    wanted = set(chosen) or set(names)
    if unknown := wanted - set(names):
        raise SystemExit(f"no package: {', '.join(sorted(unknown))}")
    features = [package.name for package in every if package.is_feature]
    pairs = [pair for pair in itertools.combinations(features, 2) if wanted & set(pair)]
    return Plan(
        tuple(name for name in names if name in wanted),
        tuple(pairs),
        tuple(name for name in features if name in wanted),
    )


class Environments:
    """One environment per package below a directory, made from wheels when first asked for."""

    def __init__(self, root: Path, wheels: Path, every: Iterable[workspace.Package]) -> None:
        self.root = root
        self.wheels = wheels
        self.packages = {package.name: package for package in every}

    def wheel(self, name: str) -> Path:
        stem = f"{name.replace('-', '_')}-{self.packages[name].version}-"
        found = sorted(self.wheels.glob(f"{stem}*.whl"))
        if not found:
            raise SystemExit(f"{self.wheels} has no wheel {stem}*.whl")
        return found[0]

    def closure(self, name: str) -> list[str]:
        return [each.name for each in workspace.closure(name, self.packages.values())]

    def python(self, name: str) -> Path:
        return self.root / name / "bin" / "python"

    def make(self, name: str) -> None:
        uv("venv", f"--python={sys.executable}", str(self.root / name))
        self.install(name, self.closure(name))

    def install(self, environment: str, names: Iterable[str]) -> None:
        python = f"--python={self.python(environment)}"
        uv("pip", "install", python, *(str(self.wheel(name)) for name in names))

    def uninstall(self, environment: str, name: str) -> None:
        uv("pip", "uninstall", f"--python={self.python(environment)}", name)

    def site_packages(self, name: str) -> str:
        (found,) = (self.root / name / "lib").glob("python3*/site-packages")
        return str(found)


def uv(*arguments: str) -> None:
    """Run uv. Raises RuntimeError with what it said if it fails."""
    done = subprocess.run(
        [os.environ.get("UV", "uv"), *arguments, "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"uv {' '.join(arguments[:2])}: {done.stderr.strip()}")


def smoke(python: Path, *arguments: str, lines: str | None = None) -> tuple[int, str]:
    """Judge in an environment, apart from whatever surrounds the calling process."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "DJANGO"))}
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            [str(python), "-s", "-P", str(SMOKE), *arguments],
            cwd=empty,
            env=environment,
            input=lines,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if lines is None else None,
            text=True,
            check=False,
        )
    return done.returncode, done.stdout


def try_alone(environments: Environments, name: str) -> Outcome:
    """A package with only what it declares."""
    label = f"{name} alone" if environments.packages[name].is_feature else name
    try:
        environments.make(name)
    except RuntimeError as error:
        return Outcome(label, str(error), failed=True)
    code, output = smoke(environments.python(name), "--expect", *sorted(environments.closure(name)))
    return Outcome(label, output, failed=bool(code))


def try_pairs(environments: Environments, pairs: Sequence[tuple[str, str]]) -> list[Outcome]:
    """Several pairs in processes forked off one that has imported Django."""
    if not pairs:
        return []
    jobs = [
        {
            "path": [environments.site_packages(name) for name in pair],
            "expect": sorted({each for name in pair for each in environments.closure(name)}),
        }
        for pair in pairs
    ]
    lines = "".join(json.dumps(job) + "\n" for job in jobs)
    code, output = smoke(environments.python(workspace.CORE), "--serve", lines=lines)
    answers = [json.loads(line) for line in output.splitlines()]
    found = [
        Outcome(" + ".join(pair), answer["output"], failed=bool(answer["code"]))
        for pair, answer in zip(pairs, answers, strict=False)
    ]
    left = [
        Outcome(" + ".join(pair), f"not tried, exit code {code}", failed=True)
        for pair in pairs[len(answers) :]
    ]
    return found + left


def try_without(
    environments: Environments, names: Sequence[str], keys: dict[str, list[str]]
) -> list[Outcome]:
    """The umbrella with one feature uninstalled: the others work, its settings are reported."""
    umbrella = workspace.UMBRELLA
    found = []
    for name in names:
        environments.uninstall(umbrella, name)
        rest = sorted(set(environments.closure(umbrella)) - {name})
        arguments = ["--expect", *rest, "--gone", name, "--keys", *keys.get(name, [])]
        code, output = smoke(environments.python(umbrella), *arguments)
        found.append(Outcome(f"{umbrella} without {name}", output, failed=bool(code)))
        environments.install(umbrella, [name])
    return found


def try_everything(environments: Environments, wanted: Plan, workers: int) -> list[Outcome]:
    # A pair needs the environments of its two, and core's interpreter.
    needed = {workspace.CORE, workspace.UMBRELLA, *wanted.alone, *itertools.chain(*wanted.pairs)}
    with ThreadPoolExecutor(workers) as pool:
        alone = list(pool.map(lambda name: try_alone(environments, name), sorted(needed)))
        broken = {outcome.combination.partition(" ")[0] for outcome in alone if outcome.failed}
        jobs: list[Future[list[Outcome]]] = []
        if workspace.UMBRELLA not in broken:
            (whole,) = (o for o in alone if o.combination.startswith(workspace.UMBRELLA))
            keys = json.loads(whole.output.splitlines()[-1])["keys"]
            jobs.append(pool.submit(try_without, environments, wanted.without, keys))
        # What fails alone would fail in every pair.
        pairs = [pair for pair in wanted.pairs if not broken & {workspace.CORE, *pair}]
        shares = [pairs[share::workers] for share in range(workers)]
        jobs += [pool.submit(try_pairs, environments, share) for share in shares]
        return [*alone, *(outcome for job in jobs for outcome in job.result())]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all packages")
    parser.add_argument("--wheels", type=Path, required=True, help="where the wheels are")
    parser.add_argument("--root", type=Path, default=workspace.ROOT, help="of the workspace")
    options = parser.parse_args(argv)
    every = workspace.packages(options.root)
    wanted = plan(every, options.names)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="subsets-") as directory:
        environments = Environments(Path(directory), options.wheels.resolve(), every)
        outcomes = try_everything(environments, wanted, os.cpu_count() or 1)
    failures = [outcome for outcome in outcomes if outcome.failed]
    if failures:
        print(f"{failures[0].combination}:\n{failures[0].output}", file=sys.stderr)
    for outcome in failures:
        print(f"failed: {outcome}")
    seconds = time.monotonic() - start
    print(
        f"{len(outcomes)} combinations in {seconds:.0f} s: {len(outcomes) - len(failures)} passed, "
        f"{len(failures)} failed"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
