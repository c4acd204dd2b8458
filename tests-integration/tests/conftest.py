"""Real servers on real data: gunicorn speaks WSGI, uvicorn ASGI; both serve the airline project."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

PROJECT = Path(__file__).resolve().parent.parent / "airline"
READY_WITHIN = 60.0
STOPPED_WITHIN = 15.0

COMMANDS = {
    "gunicorn": [
        *("gunicorn", "airline.wsgi:application", "--threads=4", "--bind=fd://{fd}"),
        "--no-control-socket",
    ],
    "uvicorn": [
        "uvicorn",
        "airline.asgi:application",
        "--fd={fd}",
        "--no-access-log",
        "--no-proxy-headers",
    ],
}


@dataclass(frozen=True)
class Server:
    url: str
    log: Path
    process: subprocess.Popen[bytes]


def environment(database: Path, **extra: str) -> dict[str, str]:
    """The caller's environment, but for what would lead to another database or configuration."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRLINE_", "DJANGO_")) and name != "DATABASE_URL"
    }
    return {**inherited, "DATABASE_URL": f"sqlite:///{database}", **extra}


def manage(database: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment(database, **extra),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


CREW_ID = 2  # made with the demo user
STRANGER_ID = 12
CLOSED_ID = 13
DEPLOYED = {
    "AIRLINE_SECRET_KEY": "integration-tests-sign-nothing-that-matters-with-this-key",
    "AIRLINE_JWT_SECRET": "integration-tests-sign-their-login-tokens-with-this-other-key",
    "AIRLINE_AUDIT_KEY": "integration-tests-sign-their-audit-trail-with-a-third-key",
    "AIRLINE_METRICS_TOKEN": "integration-tests-read-the-metrics",
    "AIRLINE_STRIPE_SECRET": "whsec_of_the_integration_tests",
    # The limits have a test of their own; elsewhere they would be in the way.
    "AIRLINE_LOGIN_RATE": "10000/minute",
    "AIRLINE_SEARCH_RATE": "10000/minute",
}


def missing(reason: str) -> NoReturn:
    """Skip what this machine cannot run; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def needed(*commands: str) -> None:
    if absent := [command for command in commands if shutil.which(command) is None]:
        missing(f"not installed: {', '.join(absent)}")


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all data, the demo user, another and one that was closed.

    Copy it, do not write to it.
    """
    database = tmp_path_factory.mktemp("data") / "airline.sqlite3"
    for command in ("migrate", "load_airports"):
        done = manage(database, command)
        assert done.returncode == 0, done.stderr
    with sqlite3.connect(database) as connection:
        connection.executemany(
            "insert into auth_user (id, username, password, first_name, last_name, email,"
            " is_staff, is_superuser, is_active, date_joined)"
            " values (?, ?, '!', '', '', '', ?, 0, ?, '2026-11-01')",
            [
                (STRANGER_ID, "stranger", 0, 1),
                (CLOSED_ID, "closed", 0, 0),
            ],
        )
    connection.close()
    return database


@contextmanager
def serving(
    kind: str,
    loaded: Path,
    directory: Path,
    *,
    own_group: bool = False,
    deployed: bool = True,
    **extra: str,
) -> Iterator[Server]:
    """A server on a copy of ``loaded``, as a deployment or in the demo's own mode.

    In a process group of its own, it can be killed whole.
    """
    database = Path(shutil.copy(loaded, directory / "airline.sqlite3"))
    log = directory / f"{kind}.log"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        # The server inherits the listening socket: no other process can take the port.
        listener.set_inheritable(True)
        # uvicorn takes an inherited socket for a Unix one, and leaves Nagle's algorithm on: 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", *(part.format(fd=listener.fileno()) for part in COMMANDS[kind])],
            cwd=PROJECT,
            env=environment(database, **{**(DEPLOYED if deployed else {}), **extra}),
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=own_group,
        )
    server = Server(url, log, process)
    try:
        wait_until_ready(server)
        yield server
    finally:
        stop(process)


def wait_until_ready(server: Server, path: str = "/api/status") -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            if httpx.get(server.url + path, timeout=READY_WITHIN).status_code == 200:
                return
            reason = "does not answer 200"
        except httpx.TransportError as error:
            reason = repr(error)
        if server.process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{server.url} {reason}; its log:\n{server.log.read_text()[-4000:]}")
        time.sleep(0.1)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOPPED_WITHIN)


@pytest.fixture(scope="session", params=list(COMMANDS))
def server(
    request: pytest.FixtureRequest, loaded: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with serving(request.param, loaded, tmp_path_factory.mktemp(request.param)) as running:
        yield running
    log = running.log.read_text()
    assert "Traceback" not in log, log[-4000:]
    # Django says so when it collects a stream in memory instead of sending it piece by piece.
    assert "StreamingHttpResponse must consume" not in log, log[-4000:]


def expect_no_server_error(response: httpx.Response) -> None:
    assert response.status_code < 500, f"{response.request.method} {response.request.url}"


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[..., httpx.Client]]:
    """Opens HTTP clients, with the headers that they are to send with each request."""
    with ExitStack() as stack:

        def open_client(**headers: str) -> httpx.Client:
            return stack.enter_context(
                httpx.Client(
                    base_url=server.url,
                    headers=headers,
                    timeout=30,
                    event_hooks={"response": [expect_no_server_error]},
                )
            )

        yield open_client


@pytest.fixture
def client(connect: Callable[..., httpx.Client]) -> httpx.Client:
    return connect()


CREDENTIALS = {"username": "demo", "password": "fly-me-to-the-moon"}


@pytest.fixture(scope="session")
def token(server: Server) -> str:
    return log_in(server)


def log_in(server: Server) -> str:
    response = httpx.post(f"{server.url}/api/auth/login", json=CREDENTIALS, timeout=30)
    return str(response.json()["data"]["access_token"])


@pytest.fixture
def passenger(connect: Callable[..., httpx.Client], token: str) -> httpx.Client:
    """A client that is logged in as the demo user."""
    return connect(authorization=f"Bearer {token}")
