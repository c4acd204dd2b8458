"""From wheels alone, in empty environments, as the README says it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .baked import DEPLOYMENT, environment
from .serving import PASSWORD, served, walk

WHEELS = os.environ.get("NINJA_BOOST_WHEELS", "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # it installs all that a project needs
    pytest.mark.skipif(not WHEELS, reason="NINJA_BOOST_WHEELS names no directory; scaffold does"),
]

ADMIN = {
    "DJANGO_SUPERUSER_USERNAME": "ada",
    "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    "DJANGO_SUPERUSER_EMAIL": "ada@example.com",
}
MODULES = """
from importlib.metadata import packages_distributions
print(*(each for each in packages_distributions() if each.isidentifier() and each[0] != "_"))
"""
ALLOWED = """
import sys
from ninja_boost_cli import Refused
from ninja_boost_cli.names import check_project_name
for name in sys.argv[1:]:
    try:
        print(check_project_name(name))
    except Refused:
        pass
"""


class Shell:
    """A person at a prompt, with a virtual environment of their own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.venv = directory / ".venv"
        directory.mkdir(exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", self.venv], check=True)

    def __call__(self, command: str, **variables: str) -> str:
        # What is never imported need not be compiled.
        variables = environment(PIP_NO_COMPILE="1", **variables)
        # What is on the path of the tests is not there.
        for name in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONWARNINGS"):
            variables.pop(name, None)
        variables["PATH"] = f"{self.venv / 'bin'}{os.pathsep}{variables['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-euc", command],
            cwd=self.directory,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout


def test_a_new_user(tmp_path):
    prompt = Shell(tmp_path)
    prompt(f"python -m pip install --no-index --find-links {WHEELS} ninja-boost-cli")
    said = prompt(f"ninja-boost startproject myapi --source {WHEELS}")

    # Everything that it says is next, until the server of Django's that never ends.
    user = Shell(tmp_path / "myapi")
    steps = re.findall(r"^  (.+)$", said.partition("Next:\n")[2], re.MULTILINE)
    assert (steps[0], steps[-1]) == ("cd myapi", "python manage.py runserver")
    for step in steps[1:-1]:
        answered = f"{step} --noinput" if "createsuperuser" in step else step
        user(answered, **ADMIN)

    assert "OK" in user("python manage.py test")
    user("ninja-boost startapp orders")
    user("python manage.py migrate")
    assert "OK" in user("python manage.py test apps.orders")
    assert "/api/orders/" in user("python manage.py boost_routes")
    with served(
        user.directory, "-m", "gunicorn", "myapi.wsgi:application", python=user.venv / "bin/python"
    ) as api:
        walk(api)
        assert api.send("GET", "/docs")[0] == 200

    user("python -m pip install -r requirements-dev.txt")
    assert "OK" in user("python manage.py test myapi.fuzzing", FUZZ_EXAMPLES="1")

    (user.directory / ".env").unlink()
    deployment = {**DEPLOYMENT, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    user("python manage.py check --deploy --fail-level WARNING", **deployment)

    # What is installed by now may not be hidden by a project, wherever the command is.
    names = user(f"python -c '{MODULES}'")
    assert {"django", "schemathesis", "ninja_boost_core"} <= set(names.split())
    assert prompt(f"python -c '{ALLOWED}' {names}") == ""
