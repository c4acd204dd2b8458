"""The project's README, followed by a stranger: a new Django project and what the page says."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Server, environment, stop, wait_until_ready

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"^```python\n# (\S+)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
CONSOLE = [
    block.splitlines()
    for block in re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
]
USERS = "from django.contrib.auth.models import User\n" + "".join(
    f"User.objects.create_user({name!r})\n" for name in ("ada", "bob", "cyd")
)


def test_every_python_example_is_a_file_of_the_project() -> None:
    assert [name for name, _ in PYTHON] == ["urls.py", "settings.py"]
    assert README.count("```python") == len(PYTHON)


@pytest.mark.parametrize("command", [line for lines in CONSOLE for line in lines])
def test_the_files_that_commands_name_exist(command: str) -> None:
    if command.startswith("$ "):
        for word in shlex.split(command[2:]):
            if word.startswith(("./", "tools/")):
                assert list(Path(__file__).resolve().parents[2].glob(word)), word


def test_the_first_example(tmp_path: Path) -> None:
    env = environment(tmp_path / "unused")

    def run(*command: str, **options: object) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **options,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    run("-m", "django", "startproject", "mysite", ".")
    examples = dict(PYTHON)
    (tmp_path / "mysite" / "urls.py").write_text(examples["urls.py"])
    with (tmp_path / "mysite" / "settings.py").open("a") as settings:
        settings.write(examples["settings.py"])
    run("manage.py", "check")
    run("manage.py", "migrate", "--verbosity=0")
    run("manage.py", "shell", "--command", USERS)

    (request, answer), *_ = CONSOLE
    log = tmp_path / "server.log"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        listener.set_inheritable(True)
        port = listener.getsockname()[1]
        bind = f"--bind=fd://{listener.fileno()}"
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "mysite.wsgi", bind],
            cwd=tmp_path,
            env=env,
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(Server(f"http://127.0.0.1:{port}", log, process), "/api/openapi.json")
        arguments = shlex.split(request.removeprefix("$ ").replace(":8000", f":{port}"))
        assert arguments[0] == "curl"
        curl = subprocess.run(
            ["curl", "-sS", *arguments[1:]], capture_output=True, text=True, timeout=30, check=True
        )
    finally:
        stop(process)
    assert json.loads(curl.stdout) == json.loads(answer)
