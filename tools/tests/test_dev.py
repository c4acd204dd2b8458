"""Ports, stamps, and what is said when something is missing."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import dev


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind((dev.HOST, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_seen(taken):
    assert not dev.is_free(taken)


def test_a_taken_default_port_is_replaced_and_said(taken, monkeypatch, capsys):
    monkeypatch.setattr(dev, "PORT", taken)
    port = dev.choose_port(None)
    assert port > taken
    assert dev.is_free(port)
    assert f"{taken} is taken" in capsys.readouterr().out


def test_a_taken_port_that_was_asked_for_is_an_error_with_advice(taken):
    with pytest.raises(dev.Failure, match=rf"Port {taken} is taken\. Free is: --port \d+"):
        dev.choose_port(taken)


def test_a_free_port_is_used_as_asked(taken):
    free = next(port for port in range(taken + 1, 65536) if dev.is_free(port))
    assert dev.choose_port(free) == free


@pytest.fixture
def venv(tmp_path, monkeypatch):
    """An environment to play with, and the list of pip's calls."""
    monkeypatch.setattr(dev, "VENV", tmp_path)
    monkeypatch.setattr(dev, "ensure_venv", lambda: None)
    calls = []
    monkeypatch.setattr(dev, "pip", calls.append)
    return calls


@pytest.fixture
def project(tmp_path):
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "pyproject.toml").write_text("[project]\n")
    return directory


def test_a_second_run_installs_nothing(venv, project):
    dev.install("demo", ["a"], [project])
    assert venv == [["a"], ["--no-build-isolation", "-e", str(project)]]
    dev.install("demo", ["a"], [project])
    assert len(venv) == 2


@pytest.mark.parametrize("change", ["requirement", "metadata"])
def test_a_change_installs_again(venv, project, change):
    dev.install("demo", ["a"], [project])
    if change == "metadata":
        (project / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    dev.install("demo", ["b" if change == "requirement" else "a"], [project])
    assert len(venv) == 4


def test_a_failed_install_is_tried_again(venv, project, monkeypatch):
    def fail(arguments):
        raise dev.Failure("offline")

    dev.install("demo", ["a"], [])
    with monkeypatch.context() as patch:
        patch.setattr(dev, "pip", fail)
        with pytest.raises(dev.Failure):
            dev.install("demo", ["b"], [])
    venv.clear()
    dev.install("demo", ["a"], [])
    assert venv == [["a"]]


def test_a_half_made_environment_is_made_anew(tmp_path, capsys):
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable + "-gone")
    assert not dev.is_usable(venv)
    dev.ensure_venv(venv)
    assert dev.is_usable(venv)
    assert "incomplete" in capsys.readouterr().out


def test_pip_failing_says_what_failed(monkeypatch, tmp_path):
    monkeypatch.setattr(dev, "venv_python", lambda: Path(sys.executable))
    with pytest.raises(dev.Failure, match="could not install: --no-index nothing-of-this-name"):
        dev.pip(["--no-index", "nothing-of-this-name"])


def test_groups_include_groups(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[dependency-groups]\na = ["x", { include-group = "b" }]\nb = ["y"]\n'
    )
    assert dev.group("a", tmp_path) == ["x", "y"]


def test_the_index_of_pip_is_handed_to_uv(monkeypatch):
    monkeypatch.setattr(dev, "venv_python", lambda: Path(sys.executable))
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("UV_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.invalid/simple")
    assert dev.nox_environment()["UV_DEFAULT_INDEX"] == "https://mirror.invalid/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.invalid/simple")
    assert dev.nox_environment()["UV_DEFAULT_INDEX"] == "https://other.invalid/simple"


def test_a_server_that_ends_at_once_is_a_failure():
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    with (
        subprocess.Popen(command) as server,
        pytest.raises(dev.Failure, match="exit code 3"),
    ):
        dev.wait_until_served(server, 1)


def test_stop_leaves_no_server_behind():
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_DFL); print(1, flush=True)\n"
    command = [sys.executable, "-c", code + "while True: signal.pause()"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        dev.stop(server)
        assert server.returncode == -signal.SIGTERM


def test_an_unknown_command_is_an_error_of_usage():
    done = subprocess.run(
        [sys.executable, str(Path(dev.__file__)), "deploy"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 2
    assert "demo" in done.stderr
