"""A real server in front of a new project, and a client that logs in."""

from __future__ import annotations

import hmac
import json
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ninja_boost_cli.options import OPTIONS

from .baked import DEPLOYMENT, bake, needs_umbrella, run
from .services import database_url, redis_url
from .serving import COMMANDS, PASSWORD, Api, served, walk

pytestmark = needs_umbrella

MIGRATE = f"""
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
User.objects.create_user("ada", password="{PASSWORD}")
"""
REQUESTS = re.compile(
    r'^\w*request_total\{[^}]*route="/api/health/live"[^}]*\} (\S+)$', re.MULTILINE
)


def create_user(project: Path, **variables: str) -> None:
    run(project, "-c", MIGRATE, DJANGO_SETTINGS_MODULE="shop.settings", **variables)


@contextmanager
def deployed(parent: Path, server: str, *options: str) -> Iterator[tuple[Api, Callable[..., str]]]:
    """A project that has no file .env, behind a proxy; and ``manage.py`` there."""
    project = bake(parent, "shop", *options, server=server)
    (project / ".env").unlink()
    with database_url() as database:
        variables = {**DEPLOYMENT, "DATABASE_URL": database, "REDIS_URL": redis_url(13)}
        create_user(project, **variables)
        with served(project, *COMMANDS[server], **variables) as api:
            api.root = "/api/v1" if "versioning" in options else "/api"
            status, _, headers = api.send("GET", "/items/")
            assert (status, headers["location"]) == (301, f"https://127.0.0.1{api.root}/items/")
            # Only a proxy that says it was HTTPS gets further.
            api.headers["X-Forwarded-Proto"] = "https"
            walk(api)
            assert "strict-transport-security" in api.send("GET", "/items/")[2]
            yield api, lambda *command: run(project, "manage.py", *command, **variables)


def sign(body: str, secret: str) -> dict[str, str]:
    """As standardwebhooks.com has it."""
    stamp = str(int(time.time()))
    key = b64decode(secret.removeprefix("whsec_"))
    signature = hmac.digest(key, f"msg_1.{stamp}.{body}".encode(), "sha256")
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{b64encode(signature).decode()}",
    }


def test_login_list_create_under_gunicorn(tmp_path):
    project = bake(tmp_path)
    create_user(project)
    with served(project, *COMMANDS["gunicorn"]) as api:
        walk(api)
        assert api.send("GET", "/docs")[0] == 200


@pytest.mark.slow
def test_a_deployment_with_postgresql_and_redis(tmp_path):
    with deployed(tmp_path, "gunicorn") as (api, run_there):
        assert api.send("GET", "/docs")[0] == 404
        # One limit of 5 a minute for all workers: the two logins of the walk count, which may
        # be a while ago on a busy machine. With one for each there would be 8 left.
        wrong = {"username": "ada", "password": "wrong"}
        begin, answers = time.monotonic(), []
        while 429 not in answers:
            answers.append(api.send("POST", "/accounts/login", wrong)[0])
        refilled = (time.monotonic() - begin) / 12
        assert answers[:3] == [401] * 3
        assert len(answers) <= 3 + 2 + refilled + 1
        run_there("boost_drain")
        assert api.send("GET", "/health/ready")[0] == 503
        assert api.send("GET", "/health/live")[0] == 200
        run_there("boost_drain", "--undo")
        assert api.send("GET", "/health/ready")[0] == 200
    lines = [line for line in api.log.read_text().splitlines() if line.startswith("{")]
    assert [json.loads(line) for line in lines if "/api/accounts/login" in line]
    assert PASSWORD not in "".join(lines)


@pytest.mark.slow
def test_a_deployment_with_everything(tmp_path):
    with deployed(tmp_path, "uvicorn", *OPTIONS) as (api, run_there):
        # The cache and the deliveries are those of all workers.
        assert "hit" in [api.send("GET", "/items/")[2]["cache-status"] for _ in range(2)][1]
        api.headers["Idempotency-Key"] = "a-retry"
        answers = [api.send("POST", "/items/", {"name": "once"})[:2] for _ in range(4)]
        assert answers == [answers[0]] * 4
        assert api.send("GET", "/items/")[1]["data"]["items"][-1] == answers[0][1]["data"]
        event = json.dumps({"type": "paid", "timestamp": "2026-01-31T12:00:00Z", "data": {}})
        api.headers |= sign(event, DEPLOYMENT["WEBHOOK_SECRET"])
        delivered = [api.send("POST", "/webhooks/events", event)[0] for _ in range(4)]
        assert delivered == [204, 409, 409, 409]
        assert "sound" in run_there("audit_verify")
        assert "audit: DatabaseBackend" in run_there("boost_doctor")
        assert api.send("GET", "/items/", root="/api/v2")[0] == 404


@pytest.mark.slow
@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_a_scrape_sees_all_workers(tmp_path, server):
    project = bake(tmp_path, server=server)
    create_user(project)
    variables = {"METRICS_TOKEN": DEPLOYMENT["METRICS_TOKEN"], "WEB_CONCURRENCY": "3"}
    with served(project, *COMMANDS[server], SECURE_SSL_REDIRECT="true", **variables) as api:
        # Probes and scrapes come without TLS; and without TLS_PROXY nobody can claim it.
        api.headers["X-Forwarded-Proto"] = "https"
        assert api.send("GET", "/items/")[0] == 301
        for _ in range(30):
            assert api.send("GET", "/health/live")[0] == 200
        assert api.send("GET", "/metrics", root="")[0] == 404
        api.headers["Authorization"] = f"Bearer {DEPLOYMENT['METRICS_TOKEN']}"
        for _ in range(10):
            status, text, _ = api.send("GET", "/metrics", root="")
            assert status == 200
            counted = REQUESTS.findall(text.decode())
            assert sum(map(float, counted)) == 30.0
