"""A database that hangs, and rolling restarts, with real servers."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 4

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def ask(port, path, seconds=10.0):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def eventually(condition, seconds=90.0):
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


@contextmanager
def gunicorn(port, log, **env):
    command = [
        *(sys.executable, "-m", "gunicorn", "tests.server:wsgi", f"--bind=127.0.0.1:{port}"),
        *(f"--workers={WORKERS}", "--threads=4", "--graceful-timeout=20", "--no-control-socket"),
    ]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **env}
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        eventually(lambda: ask(port, "/api/health/live")[0] == 200)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def programs():
    for directory in [None, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]:
        found = shutil.which("initdb", path=directory and str(directory))
        if found:
            return Path(found).parent
    return None


@pytest.fixture
def postgres():
    """A private PostgreSQL: its port and its first process, which may be stopped."""
    binaries = programs()
    if binaries is None:
        if os.environ.get("CI") == "true":
            pytest.fail("initdb of PostgreSQL is not there")
        pytest.skip("initdb of PostgreSQL is not there")
    # The server refuses to run as root.
    is_root = os.geteuid() == 0
    user = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.geteuid())
    as_user = {"user": user.pw_uid, "group": user.pw_gid} if is_root else {}
    with tempfile.TemporaryDirectory(prefix="health-") as name:
        directory = Path(name)
        os.chown(directory, user.pw_uid, user.pw_gid)
        data, port = directory / "data", free_port()
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "tests", "-A", "trust", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=directory,
            **as_user,
        )
        with (directory / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-p", str(port), "-k", "", "-F"],
                cwd=directory,
                stdout=log,
                stderr=log,
                **as_user,
            )
        try:
            eventually(lambda: socket.create_connection(("127.0.0.1", port), 1).close() is None)
            yield port, server
        finally:
            server.send_signal(signal.SIGCONT)
            server.send_signal(signal.SIGINT)
            server.wait(60)


def test_a_database_that_hangs(postgres, tmp_path):
    port_of_database, database = postgres
    port = free_port()
    env = {"HEALTH_TEST_POSTGRES": str(port_of_database)}
    with gunicorn(port, tmp_path / "log", **env):
        eventually(lambda: ask(port, "/api/health/ready")[0] == 200)
        database.send_signal(signal.SIGSTOP)
        eventually(lambda: ask(port, "/api/health/ready", 5)[0] == 503)
        for _ in range(8):
            # The answer comes within TIMEOUT (a second), and what needs no database goes on.
            assert ask(port, "/api/health/ready", 5)[0] == 503
            assert ask(port, "/api/health/live", 5) == (200, {"status": "ok"})
            assert ask(port, "/api/work", 5)[0] == 200
        database.send_signal(signal.SIGCONT)
        eventually(lambda: all(ask(port, "/api/health/ready")[0] == 200 for _ in range(12)))


class Balancer:
    """Sends requests to the instances that are ready, as the probes of its own thread saw it."""

    def __init__(self, ports):
        self.ports = ports
        self.ready = set(ports)
        self.outcomes = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.probe)]
        self.threads += [threading.Thread(target=self.send, args=(n,)) for n in range(6)]

    def probe(self):
        while not self.stopped.is_set():
            for port in self.ports:
                try:
                    ok = ask(port, "/api/health/ready", 2)[0] == 200
                except OSError:
                    ok = False
                (self.ready.add if ok else self.ready.discard)(port)
            time.sleep(0.05)

    def send(self, number):
        turn = number
        while not self.stopped.is_set():
            ports = sorted(self.ready)
            turn += 1
            try:
                self.outcomes.append(ask(ports[turn % len(ports)], "/api/work")[0])
            except (OSError, http.client.HTTPException) as error:
                self.outcomes.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *details):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


def boost_drain(file):
    subprocess.run(
        [sys.executable, "-m", "django", "boost_drain"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": str(ROOT),
            "HEALTH_TEST_DRAIN": str(file),
        },
        check=True,
        capture_output=True,
    )


def test_no_request_is_lost_in_a_rolling_restart(tmp_path):
    ports = [free_port(), free_port()]
    files = [tmp_path / "drain-0", tmp_path / "drain-1"]

    def instance(n):
        return gunicorn(ports[n], tmp_path / "log", HEALTH_TEST_DRAIN=str(files[n]))

    with instance(0) as first, instance(1) as second, Balancer(ports) as balancer:
        eventually(lambda: len(balancer.outcomes) > 200)
        boost_drain(files[0])
        # Each of the four workers says so, and still answers whoever comes late.
        assert {ask(ports[0], "/api/health/ready")[0] for _ in range(40)} == {503}
        assert ask(ports[0], "/api/work")[0] == 200
        eventually(lambda: ports[0] not in balancer.ready)
        time.sleep(0.3)
        first.terminate()
        first.wait(60)
        # The new one starts while the file is still there.
        with instance(0):
            eventually(lambda: ports[0] in balancer.ready)
            boost_drain(files[1])
            eventually(lambda: ports[1] not in balancer.ready)
            time.sleep(0.3)
            second.terminate()
            second.wait(60)
            served = len(balancer.outcomes)
            eventually(lambda: len(balancer.outcomes) > served + 100)
            balancer.__exit__()
    assert len(balancer.outcomes) > 300
    assert set(balancer.outcomes) == {200}
