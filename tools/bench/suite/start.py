"""Fresh interpreters: the import, the start to the first answer, and the memory after it.

``python -m suite.start NAME DIRECTORY`` is what a fresh interpreter runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import import_time
from measuring import in_turns

from . import databases
from .building import Spec, build
from .callers import asgi_caller, wsgi_caller
from .cases import BY_NAME
from .checks import request_for
from .contest import Options
from .contestants import CONTESTANTS
from .worker import MODULES

CHOSEN = ("plain", "off", "on", "hand", "modern_rest", "drf", "fastapi", "litestar", "raw_json")


def resident() -> float:
    """Return the MiB that this process has in memory, or its peak where /proc is missing."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def first_answer(name: str, directory: Path) -> tuple[float, float]:
    """Return seconds from starting an interpreter to its first answer, and its MiB then."""
    command = [sys.executable, "-m", "suite.start", name, str(directory)]
    environment = {**os.environ, "PYTHONPATH": MODULES}
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        taken = time.perf_counter() - started
    if process.returncode or not line:
        raise RuntimeError(f"{name} did not start; its output is above.")
    return taken, float(line)


def imports(options: Options) -> dict[str, list[float]]:
    """Return the seconds that the imports took, round by round."""
    code = {import_time.BASE: import_time.BASE, **import_time.CASES}
    measures = {name: partial(import_time.seconds, text) for name, text in code.items()}
    rounds, warm_up = (1, 0) if options.smoke else (max(5, options.rounds // 2), 1)
    return in_turns(measures, rounds, warm_up=warm_up, seed=options.seed)


def starts(options: Options) -> dict[str, list[tuple[float, float]]]:
    measures = {
        name: partial(first_answer, name, options.directory)
        for name in CHOSEN
        if options.takes_part(name)
    }
    if options.smoke:
        measures = {name: measures[name] for name in ("plain", "on") if name in measures}
    rounds, warm_up = (1, 0) if options.smoke else (max(5, options.rounds // 2), 1)
    return in_turns(measures, rounds, warm_up=warm_up, seed=options.seed)


def main(name: str, directory: str) -> None:
    spec = Spec(CONTESTANTS[name], databases.settings("sqlite", Path(directory)))
    application = build(spec)
    request = request_for(spec.contestant, BY_NAME["tiny"].request)
    if spec.through == "wsgi":
        status = wsgi_caller(application, request)().status
    else:
        import asyncio

        status = asyncio.run(asgi_caller(application, request)()).status  # type: ignore[arg-type]
    if status != 200:
        raise RuntimeError(f"{name} answers {status}")
    print(resident(), flush=True)
    # The end of the interpreter is nobody's start.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
