"""Clients that leave, on real servers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = {
    "gunicorn": ["-m", "gunicorn", "--threads=4", "tests.server:wsgi", "--bind"],
    "uvicorn": ["-m", "uvicorn", "--no-proxy-headers", "tests.server:asgi", "--port"],
}

pytestmark = pytest.mark.slow


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(params=sorted(COMMANDS))
def server(request, tmp_path):
    port = free_port()
    log = tmp_path / "observed"
    address = f"127.0.0.1:{port}" if request.param == "gunicorn" else str(port)
    env = {**os.environ, "OBSERVED": str(log), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with (tmp_path / "output").open("wb") as output:
        command = [sys.executable, *COMMANDS[request.param], address]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, (tmp_path / "output").read_text()
                assert process.poll() is None, (tmp_path / "output").read_text()
                time.sleep(0.05)
        yield request.param, port, log
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def observed(log, route):
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        lines = log.read_text().splitlines() if log.exists() else []
        for line in lines:
            if json.loads(line)["route"] == route:
                return json.loads(line)
        time.sleep(0.05)
    pytest.fail(f"{route} was never completed")


def ask(port, path):
    connection = socket.create_connection(("127.0.0.1", port), 10)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def test_a_client_that_leaves_a_stream(server):
    kind, port, log = server
    path = "/sync-drips" if kind == "gunicorn" else "/drips"
    connection = ask(port, path)
    assert b"200" in connection.recv(100)
    connection.close()
    record = observed(log, path)
    assert record["disconnected"]
    assert record["status"] == 200
    assert record["size"] > 0


def test_a_client_that_leaves_a_view(server):
    kind, port, log = server
    if kind == "gunicorn":
        pytest.skip("a WSGI server notices only when it writes")
    connection = ask(port, "/waits")
    time.sleep(0.3)
    connection.close()
    assert observed(log, "/waits") == {
        "route": "/waits",
        "status": 499,
        "disconnected": True,
        "size": None,
    }
