"""Compare whole requests: plain Ninja, hand-wired Ninja, ours, and their rivals.

    python tools/bench [--smoke] [--rounds N] [--section S] [--only CASE] [--output DIRECTORY]

All must answer the same before anything is measured; that is the only thing that fails. The
report and its plots go to the directory, by default to bench-report. `--smoke` asks every request
once, measures nothing worth reading, and writes a report only if it is told where.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from suite import databases, loopback, sections, start, worker
from suite.cases import CASES
from suite.checks import Unequal
from suite.contest import Options, table
from suite.contestants import CONTESTANTS
from suite.facts import facts
from suite.report import Results, gates_table, write
from suite.report import table as ratios_of

TABLES = (
    *("wsgi-sqlite", "asgi-sqlite", "handler-sqlite"),
    *("wsgi-postgresql", "asgi-postgresql", "handler-postgresql"),
)
SECTIONS = (*TABLES, "features", "growth", "memory", "start", "loopback")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--smoke", action="store_true", help="check that all answer the same")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0, help="of the order in the rounds")
    several = {"action": "append", "default": []}
    parser.add_argument("--section", **several, choices=SECTIONS, help="may be repeated")
    parser.add_argument("--only", **several, choices=[c.name for c in CASES], metavar="CASE")
    parser.add_argument("--contestant", **several, choices=list(CONTESTANTS), metavar="NAME")
    parser.add_argument("--loopback", action="store_true", help="also over HTTP, with wrk")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each run of wrk")
    parser.add_argument("--python", help="another environment's interpreter to run all with")
    parser.add_argument("--output", type=Path, help="default: bench-report")
    return parser.parse_args()


def run(options: Options, wanted: list[str], strict: bool) -> Results:
    results = Results(facts=facts(), rounds=1 if options.smoke else options.rounds)
    for engine in databases.ENGINES:
        chosen = [name for name in wanted if name.endswith(f"-{engine}")]
        more = [name for name in wanted if name not in TABLES] if engine == "sqlite" else []
        if not chosen and not more:
            continue
        try:
            with databases.prepared(engine, options.directory, options.context):
                for name in chosen:
                    said(name)
                    results.tables[name] = table(engine, name.split("-")[0], options)
                    print(ratios_of(results.clocked()[name]), flush=True)
                for name in more:
                    said(name)
                    further(name, options, results)
        except databases.Missing as missing:
            if strict:
                raise
            results.skipped[engine if engine != "sqlite" else "loopback"] = str(missing)
            print(f"Skipped: {missing}", flush=True)
    return results


def further(name: str, options: Options, results: Results) -> None:
    if name == "features":
        results.features = sections.features(options)
    elif name == "growth":
        results.growth = sections.growth(options)
    elif name == "memory":
        results.memory = sections.memory(options)
    elif name == "start":
        results.imports, results.starts = start.imports(options), start.starts(options)
    else:
        for interface in ("wsgi", "asgi"):
            results.loopback[interface] = loopback.loopback(interface, options)


def said(name: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)


def main() -> int:
    given = arguments()
    if given.python:
        rest = [a for i, a in enumerate(sys.argv[1:], 1) if not is_python(i)]
        os.execv(given.python, [given.python, str(Path(__file__).parent), *rest])
    wanted = given.section or [name for name in SECTIONS if name != "loopback"]
    if given.smoke and not given.section:
        # The same applications, once more, in another way.
        wanted.remove("handler-postgresql")
    if given.loopback and "loopback" not in wanted:
        wanted.append("loopback")
    with tempfile.TemporaryDirectory() as directory:
        options = Options(
            directory=Path(directory),
            context=worker.context(),
            rounds=given.rounds,
            smoke=given.smoke,
            seed=given.seed,
            cases=tuple(given.only),
            contestants=tuple(given.contestant),
            seconds=given.seconds,
        )
        try:
            results = run(options, wanted, strict=given.smoke and bool(os.environ.get("CI")))
        except (Unequal, worker.Failed, databases.Missing) as error:
            print(f"\n{type(error).__name__}: {error}", file=sys.stderr)
            return 1
    if given.smoke:
        print("All contestants answer the same.")
    else:
        print(gates_table(results))
    if given.output or not given.smoke:
        print(f"The report: {write(results, given.output or Path('bench-report'))}")
    return 0


def is_python(index: int) -> bool:
    """Return whether an argument is `--python` or its value."""
    argument, before = sys.argv[index], sys.argv[index - 1]
    return argument == "--python" or argument.startswith("--python=") or before == "--python"


if __name__ == "__main__":
    sys.exit(main())
