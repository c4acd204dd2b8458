"""Projects that the command has made, and processes in them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ninja_boost_cli import choose, start_project

needs_umbrella = pytest.mark.skipif(
    find_spec("ninja_boost") is None,
    reason="django-ninja-boost is not installed; the matrix has it",
)
needs_tools = pytest.mark.skipif(
    find_spec("schemathesis") is None or find_spec("ruff") is None,
    reason="schemathesis or ruff is not installed; the session scaffold has both",
)

SECRET = "for-tests-only-and-of-no-value-0123456789-abcdefghijklmnop"
DEPLOYMENT = {
    "SECRET_KEY": SECRET,
    "JWT_SECRET_KEY": SECRET[::-1],
    "API_TOKEN": SECRET[::-1],
    "ALLOWED_HOSTS": "api.example.com",
    "DATABASE_URL": "postgres://api@db.example.com:5432/api",
    "REDIS_URL": "redis://cache.example.com:6379/0",
    "TLS_PROXY": "true",
    "METRICS_TOKEN": SECRET,
    "TRUSTED_PROXIES": "10.0.0.0/8 192.168.0.0/16",
    "AUDIT_KEYS": f"new:{SECRET},old:{SECRET[::-1]}",
    "WEBHOOK_SECRET": "whsec_Zm9yLXRlc3RzLW9ubHktYW5kLW9mLW5vLXZhbHVl",
}
# A project that begins with deprecated code is no good beginning.
WARNINGS = "error::DeprecationWarning,error::RuntimeWarning"
OURS = frozenset(
    {*DEPLOYMENT, "DEBUG", "DJANGO_SETTINGS_MODULE", "LOG_LEVEL", "PORT", "RATE_LIMIT"}
    | {"SECURE_SSL_REDIRECT", "WEB_CONCURRENCY", "PROMETHEUS_MULTIPROC_DIR", "FUZZ_EXAMPLES"}
    # Every process would compile everything anew.
    | {"PYTHONDONTWRITEBYTECODE"}
)


def environment(**variables: str) -> dict[str, str]:
    """The caller's environment without what would configure a project, and with the variables."""
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    return inherited | {"PYTHONWARNINGS": WARNINGS} | variables


def bake(parent: Path, name: str = "shop", *options: str, **keywords: Any) -> Path:
    """Make a project and return its directory."""
    source = parent / "source"
    if not source.exists():
        source.mkdir()
        (source / "django_ninja_boost-0.4.0-py3-none-any.whl").write_bytes(b"a wheel")
    choice = choose(options, **keywords)
    plan = start_project(name, choice, parent=parent, source=source)
    plan.write()
    return plan.root


def run(project: Path, *arguments: str, **variables: str) -> str:
    """Run Python in the project; return what it said, and fail if it failed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


EVERYTHING = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv[1] + ".settings"
sys.path.insert(0, os.getcwd())
import django
from django.core.management import call_command
django.setup()
call_command("check", fail_level="WARNING")
call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
call_command("test", *sys.argv[2:], verbosity=1)
"""


def prove(project: Path, *, fuzz: bool = False, **variables: str) -> str:
    """Check the project, look for missing migrations and run its tests, in one process.

    Args:
        fuzz: also have schemathesis call its API.
    """
    labels = ("apps", project.name, f"{project.name}.fuzzing") if fuzz else ()
    variables = {"FUZZ_EXAMPLES": "2", **variables}
    output = run(project, "-c", EVERYTHING, project.name, *labels, **variables)
    assert "\nOK\n" in output, output
    return output


def check_deployment(project: Path, **variables: str) -> None:
    """``check --deploy`` as a deployment does it: without the file .env, and with no warning."""
    variables = DEPLOYMENT | {"PROMETHEUS_MULTIPROC_DIR": str(project.parent)} | variables
    (project / ".env").rename(project / "env-of-the-developer")
    try:
        run(project, "manage.py", "check", "--deploy", "--fail-level=WARNING", **variables)
    finally:
        (project / "env-of-the-developer").rename(project / ".env")


TESTS = {"jwt": 3, "health": 1, "metrics": 1, "docs": 1, "idempotency": 1, "caching": 1}
TESTS |= {"audit": 1, "webhooks": 2, "versioning": 1}
"""How many tests an option brings."""
STYLE = (("check", "--select=E,F,I,UP,B,RUF", "--ignore=RUF012"), ("format", "--check"))


def prove_choice(
    parent: Path,
    added: Iterable[str] = (),
    removed: Iterable[str] = (),
    **keywords: Any,
) -> None:
    """Make a project with these options, and see that it keeps all that is said of one."""
    options = choose(added, removed, **keywords).options
    project = bake(parent, "shop", *added, removed=removed, **keywords)
    output = prove(project, fuzz=True)
    [ran] = re.findall(r"Ran (\d+) tests", output)
    # Those of the example, the one of the document, and the fuzzing.
    expected = 4 + 1 + 1 + sum(TESTS.get(each, 0) for each in options)
    if "jwt" in options:
        expected += len({"audit", "rate-limiting"} & options)
    assert int(ran) == expected, output
    check_deployment(project)
    for command in STYLE:
        run(project, "-m", "ruff", *command, "--isolated", "--line-length=100", ".")
