"""Real servers in front of a project, and a client of them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from .baked import environment

PASSWORD = "engine-no-1"
COMMANDS = {"gunicorn": ("-m", "gunicorn", "shop.wsgi:application"), "uvicorn": ("serve.py",)}
READY_WITHIN = 60.0


class Api:
    """A client of a server on this host."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log, self.root = port, log, "/api"
        self.headers = {"Content-Type": "application/json", "Host": "127.0.0.1"}

    def send(
        self, method: str, path: str, body: Any = None, *, root: str | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            data = body if isinstance(body, str | None) else json.dumps(body)
            url = (self.root if root is None else root) + path
            connection.request(method, url, data, self.headers)
            response = connection.getresponse()
            text = response.read()
            headers = {name.lower(): value for name, value in response.getheaders()}
            is_json = headers.get("content-type", "").startswith("application/json")
            return response.status, json.loads(text) if text and is_json else text, headers


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    project: Path, *arguments: str, python: str = sys.executable, **variables: str
) -> Iterator[Api]:
    """Run a server of the project, until it has ended as it does when it is told to.

    Args:
        arguments: what comes after ``python`` on the command line.
    """
    port = free_port()
    log = project.parent / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, *arguments],
            cwd=project,
            env=environment(PORT=str(port), **variables),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    api = Api(port, log)
    try:
        deadline = time.monotonic() + READY_WITHIN
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                if api.send("GET", "/health/ready")[0] == 200:
                    break
            except OSError:
                pass
            time.sleep(0.1)
        yield api
        process.send_signal(signal.SIGTERM)
        # uvicorn's supervisor raises the signal again when its workers have ended.
        assert process.wait(timeout=20) in {0, -signal.SIGTERM}, log.read_text()
    finally:
        if process.poll() is None:
            # Its workers too: they would not notice.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def walk(api: Api) -> None:
    """Log in, and use the token: what a deployment and a new project have in common."""
    status, body, _ = api.send("GET", "/items/")
    assert (status, body["ok"]) == (401, False)
    credentials = {"username": "ada", "password": PASSWORD}
    status, body, _ = api.send("POST", "/accounts/login", {**credentials, "password": "wrong"})
    assert (status, body["error"]) == (401, "Wrong name or password.")
    status, body, _ = api.send("POST", "/accounts/login", credentials)
    assert status == 200, body
    api.headers["Authorization"] = f"Bearer {body['data']['access_token']}"
    assert api.send("GET", "/accounts/me")[1]["data"]["username"] == "ada"
    before = api.send("GET", "/items/")[1]["data"]["total"]
    status, created, _ = api.send("POST", "/items/", {"name": "a lamp"})
    assert status == 201, created
    status, page, headers = api.send("GET", "/items/?size=100")
    assert status == 200
    assert page["data"]["total"] == before + 1
    assert created["data"] in page["data"]["items"]
    assert headers["x-trace-id"]
    assert headers["content-security-policy"]
    assert api.send("GET", f"/items/{created['data']['id']}")[1] == created
    assert api.send("GET", "/items/0")[0] == 404
    assert api.send("GET", "/nowhere")[1]["ok"] is False
