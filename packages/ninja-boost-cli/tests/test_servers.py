"""A real server in front of a new project, and a client that logs in."""

from __future__ import annotations

import json
import re
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

import pytest

from .baked import DEPLOYMENT, bake, environment, needs_metrics, needs_umbrella, run
from .services import database_url, redis_url

pytestmark = needs_umbrella

PASSWORD = "engine-no-1"
COMMANDS = {
    "gunicorn": ["-m", "gunicorn", "shop.wsgi:application"],
    "uvicorn": ["serve.py"],
}
MIGRATE = f"""
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
User.objects.create_user("ada", password="{PASSWORD}")
"""
REQUESTS = re.compile(r'^\w*request_total\{[^}]*route="/api/items/"[^}]*\} (\S+)$', re.MULTILINE)
READY_WITHIN = 60.0


class Api:
    """A client of a server on this host."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log
        self.headers = {"Content-Type": "application/json", "Host": "127.0.0.1"}

    def send(
        self, method: str, path: str, body: Any = None, *, root: str = "/api"
    ) -> tuple[int, Any, dict[str, str]]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            data = None if body is None else json.dumps(body)
            connection.request(method, root + path, data, self.headers)
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
def served(project: Path, server: str, **variables: str) -> Iterator[Api]:
    port = free_port()
    log = project.parent / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *COMMANDS[server]],
            cwd=project,
            env=environment(PORT=str(port), **variables),
            stdout=output,
            stderr=subprocess.STDOUT,
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
            process.kill()
            process.wait()


def create_user(project: Path, **variables: str) -> None:
    run(project, "-c", MIGRATE, DJANGO_SETTINGS_MODULE="shop.settings", **variables)


def walk(api: Api) -> None:
    """Log in, and use the token."""
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


def test_login_list_create_under_gunicorn(tmp_path):
    project = bake(tmp_path)
    create_user(project)
    with served(project, "gunicorn") as api:
        walk(api)
        assert api.send("GET", "/docs")[0] == 200


@pytest.mark.slow
def test_login_list_create_under_uvicorn(tmp_path):
    project = bake(tmp_path, server="uvicorn")
    create_user(project)
    with served(project, "uvicorn") as api:
        walk(api)


@pytest.mark.slow
@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_a_deployment_with_postgresql_and_redis(tmp_path, server):
    project = bake(tmp_path, "shop", server=server)
    (project / ".env").unlink()
    with database_url() as database:
        variables = {**DEPLOYMENT, "DATABASE_URL": database, "REDIS_URL": redis_url()}
        create_user(project, **variables)
        with served(project, server, **variables) as api:
            # Only a proxy that says it was HTTPS gets further.
            status, _, headers = api.send("GET", "/items/")
            assert (status, headers["location"]) == (301, "https://127.0.0.1/api/items/")
            api.headers["X-Forwarded-Proto"] = "https"
            walk(api)
            assert "strict-transport-security" in api.send("GET", "/items/")[2]
            assert api.send("GET", "/docs")[0] == 404
            # One limit for all workers: the two logins of the walk count.
            wrong = {"username": "ada", "password": "wrong"}
            answers = [api.send("POST", "/accounts/login", wrong)[0] for _ in range(4)]
            assert answers == [401, 401, 401, 429]
            run(project, "manage.py", "boost_drain", **variables)
            assert api.send("GET", "/health/ready")[0] == 503
            assert api.send("GET", "/health/live")[0] == 200
            run(project, "manage.py", "boost_drain", "--undo", **variables)
            lines = [line for line in api.log.read_text().splitlines() if line.startswith("{")]
    login = [json.loads(line) for line in lines if "/api/accounts/login" in line]
    assert login
    assert PASSWORD not in "".join(lines)


@needs_metrics
@pytest.mark.slow
@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_a_scrape_sees_all_workers(tmp_path, server):
    project = bake(tmp_path, "shop", "metrics", server=server)
    create_user(project)
    variables = {"METRICS_TOKEN": DEPLOYMENT["METRICS_TOKEN"], "WEB_CONCURRENCY": "3"}
    with served(project, server, **variables) as api:
        for _ in range(30):
            assert api.send("GET", "/items/")[0] == 401
        assert api.send("GET", "/metrics", root="")[0] == 404
        api.headers["Authorization"] = f"Bearer {DEPLOYMENT['METRICS_TOKEN']}"
        for _ in range(10):
            status, text, _ = api.send("GET", "/metrics", root="")
            assert status == 200
            counted = REQUESTS.findall(text.decode())
            assert sum(map(float, counted)) == 30.0
