"""Projects that the command has made, and processes in them."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from ninja_boost_cli import choose, start_project

needs_umbrella = pytest.mark.skipif(
    find_spec("ninja_boost") is None,
    reason="django-ninja-boost is not installed; the matrix has it",
)
needs_metrics = pytest.mark.skipif(
    find_spec("ninja_boost") is None or find_spec("ninja_boost.metrics") is None,
    reason="there is no ninja_boost.metrics",
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
}
# A project that begins with deprecated code is no good beginning.
WARNINGS = "error::DeprecationWarning,error::RuntimeWarning"
OURS = frozenset(
    {*DEPLOYMENT, "DEBUG", "DJANGO_SETTINGS_MODULE", "LOG_LEVEL", "PORT", "RATE_LIMIT"}
    | {"SECURE_SSL_REDIRECT", "WEB_CONCURRENCY", "PROMETHEUS_MULTIPROC_DIR"}
)


def environment(**variables: str) -> dict[str, str]:
    """The caller's environment without what would configure a project, and with the variables."""
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    return inherited | {"PYTHONWARNINGS": WARNINGS} | variables


def bake(parent: Path, name: str = "shop", *options: str, **keywords: object) -> Path:
    """Make a project and return its directory."""
    source = parent / "source"
    if not source.exists():
        source.mkdir()
        (source / "django_ninja_boost-0.4.0-py3-none-any.whl").write_bytes(b"a wheel")
    choice = choose(options, **keywords)  # type: ignore[arg-type]
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
call_command("test", verbosity=1)
"""


def prove(project: Path) -> str:
    """Check the project, look for missing migrations and run its tests, in one process."""
    output = run(project, "-c", EVERYTHING, project.name)
    assert "\nOK\n" in output, output
    return output


def check_deployment(project: Path, **variables: str) -> None:
    """``check --deploy`` as a deployment does it: without the file .env, and with no warning."""
    variables = DEPLOYMENT | variables
    (project / ".env").rename(project / "env-of-the-developer")
    try:
        run(project, "manage.py", "check", "--deploy", "--fail-level=WARNING", **variables)
    finally:
        (project / "env-of-the-developer").rename(project / ".env")
