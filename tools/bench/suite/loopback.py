"""Servers on the loopback address, one worker each, under wrk: requests a second.

All servers run at the same time and are asked one after another, in turns; who is not asked
sleeps. gunicorn serves WSGI with its sync worker, uvicorn ASGI with uvloop and httptools.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from measuring import in_turns

from . import databases
from .building import Spec, build
from .cases import BY_NAME, Request
from .checks import request_for
from .contest import Options
from .contestants import CONTESTANTS
from .worker import MODULES

HOST = "127.0.0.1"
CHOSEN = ("tiny", "list", "nested", "post")
CONNECTIONS = 8
VARIABLE = "NINJA_BOOST_BENCH"
PATIENCE = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def command(spec: Spec, port: int) -> list[str]:
    if spec.through == "wsgi":
        server = ["gunicorn", "--workers=1", f"--bind={HOST}:{port}", "--log-level=error"]
        return [sys.executable, "-m", *server, "suite.loopback:application()"]
    server = ["uvicorn", "--factory", f"--host={HOST}", f"--port={port}", "--log-level=error"]
    loop = ["--loop=uvloop", "--http=httptools", "--no-access-log", "--lifespan=off"]
    return [sys.executable, "-m", *server, *loop, "suite.loopback:application"]


def application() -> Any:
    """Return the application of the contestant that the environment names, for a server."""
    name, interface, engine, directory = json.loads(os.environ[VARIABLE])
    database = databases.settings(engine, Path(directory), interface == "asgi")
    return build(Spec(CONTESTANTS[name], database, interface))


@contextmanager
def serving(spec: Spec, directory: Path) -> Iterator[int]:
    """Serve a contestant over SQLite, and yield the port."""
    port = free_port()
    told = json.dumps([spec.contestant.name, spec.interface, "sqlite", str(directory)])
    environment = {**os.environ, "PYTHONPATH": MODULES, VARIABLE: told}
    process = subprocess.Popen(command(spec, port), env=environment, start_new_session=True)
    try:
        wait_for(port, process)
        yield port
    finally:
        # The session is the server's own: its worker goes with it.
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("A server did not start; its output is above.")


def script(request: Request, directory: Path) -> Path:
    """Write the request as a script of wrk's."""
    lines = [f"wrk.method = {json.dumps(request.method)}"]
    lines += [f"wrk.headers[{json.dumps(k)}] = {json.dumps(v)}" for k, v in request.headers.items()]
    if request.body:
        body = request.body.decode().replace("\\", "\\\\").replace("'", "\\'")
        lines.append(f"wrk.body = '{body}'")
    name = f"{abs(hash(repr(request)))}.lua"
    path = directory / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rate(port: int, path: str, lua: Path, seconds: float) -> float:
    """Return requests a second; every answer has to be a success."""
    load = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(lua)]
    done = subprocess.run(
        [*load, f"http://{HOST}:{port}{path}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 30,
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"{path} on port {port}:\n{done.stdout}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


def loopback(interface: str, options: Options) -> dict[str, dict[str, list[float]]]:
    """Return the requests a second of each contestant in some cases, round by round.

    Raises:
        databases.Missing: wrk is not installed.
    """
    if shutil.which("wrk") is None:
        raise databases.Missing("wrk is not installed")
    found = {}
    with ExitStack() as stack:
        ports = {}
        for each in CONTESTANTS.values():
            if each.takes(interface) and options.takes_part(each.name):
                spec = Spec(each, {}, interface)
                ports[each.name] = stack.enter_context(serving(spec, options.directory))
        for name in CHOSEN:
            if BY_NAME[name] not in options.wanted_cases:
                continue
            measures = {}
            for contestant, port in ports.items():
                request = request_for(CONTESTANTS[contestant], BY_NAME[name].request)
                lua = script(request, options.directory)
                measures[contestant] = partial(rate, port, request.path, lua, options.seconds)
            rounds = max(3, options.rounds // 4)
            found[name] = in_turns(measures, rounds, warm_up=1, seed=options.seed)
    return found
