from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ninja_boost_cli import main
from ninja_boost_cli.options import OPTIONS


@pytest.fixture
def source(tmp_path):
    directory = tmp_path / "dist"
    directory.mkdir()
    (directory / "django_ninja_boost-0.4.0-py3-none-any.whl").touch()
    return directory


@pytest.fixture
def here(tmp_path, monkeypatch):
    directory = tmp_path / "here"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


def fresh(*arguments):
    """A new process without any configuration, and without Django on the way in."""
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_help_needs_no_settings():
    done = fresh("-m", "ninja_boost_cli", "--help")
    assert done.returncode == 0, done.stderr
    for name in ("startproject", "startapp", "config"):
        assert name in done.stdout
    helped = fresh("-m", "ninja_boost_cli", "startproject", "--help")
    assert "rate-limiting" in helped.stdout


def test_importing_it_imports_no_sibling_and_no_django():
    code = (
        "import sys, ninja_boost_cli; "
        "print([m for m in sys.modules if m.split('.')[0] in ('django', 'ninja', 'pydantic') "
        "or m.startswith('ninja_boost') and not m.startswith('ninja_boost_cli')])"
    )
    done = fresh("-c", code)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("option", ["", *OPTIONS])
def test_a_dry_run_writes_nothing_and_says_what_would_be(here, source, option, capsys):
    arguments = ["startproject", "shop", "--minimal", "--with", option, "--source", str(source)]
    assert main([*arguments, "--dry-run"]) == 0
    assert list(here.iterdir()) == []
    output = capsys.readouterr().out
    assert f"create  {here / 'shop' / 'manage.py'}" in output
    assert "Nothing was written" in output
    assert main(arguments) == 0
    made = {f"create  {path}" for path in here.rglob("*") if path.is_file()}
    assert made == set(output.splitlines()[:-1])


def test_a_project_then_an_app(here, source, monkeypatch, capsys):
    assert main(["startproject", "shop", "--source", str(source)]) == 0
    assert "python manage.py migrate" in capsys.readouterr().out
    monkeypatch.chdir(here / "shop")
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    assert main(["startapp", "orders", "--dry-run"]) == 0
    assert f"change  {here / 'shop' / 'apps' / 'registered.py'}" in capsys.readouterr().out
    assert {p: p.read_bytes() for p in here.rglob("*") if p.is_file()} == before
    assert main(["startapp", "orders"]) == 0
    assert "registered.py has a new line" in capsys.readouterr().out
    assert '"apps.orders",' in (here / "shop" / "apps" / "registered.py").read_text()


def test_a_second_run_names_what_is_there_and_changes_nothing(here, source, capsys):
    arguments = ["startproject", "shop", "--source", str(source)]
    assert main(arguments) == 0
    (here / "shop" / "shop" / "settings.py").write_text("precious")
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    assert main(arguments) == 1
    assert str(here / "shop" / "shop" / "settings.py") in capsys.readouterr().err
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before
    assert main([*arguments, "--dry-run"]) == 1


def test_secrets_are_new_for_each_project(here, source):
    for name in ("one", "two"):
        more = ["--with", "audit,webhooks"]
        assert main(["startproject", name, "--source", str(source), *more]) == 0
    secrets = [
        line.partition("=")[2].removeprefix("1:").removeprefix("whsec_")
        for name in ("one", "two")
        for line in (here / name / ".env").read_text().splitlines()
        if "KEY" in line or "SECRET" in line
    ]
    assert len(set(secrets)) == 8
    assert min(map(len, secrets)) >= 44
    for path in here.rglob("*"):
        if path.is_file() and path.name != ".env":
            assert not any(secret.encode() in path.read_bytes() for secret in secrets), path


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["startproject", "my-api"], "not an identifier"),
        (["startproject", "shop", "--with", "docs,metricz"], "metricz"),
        (["startapp", "orders"], "manage.py"),
        (["startapp", "test"], "means the tests"),
        (["config", "--without", "x"], "'x' is no option"),
    ],
)
def test_a_refusal_is_a_line_and_an_exit_code(here, arguments, reason, capsys):
    assert main(arguments) == 1
    output = capsys.readouterr()
    assert output.err.startswith("ninja-boost: ")
    assert reason in output.err
    assert output.out == ""


def test_config_says_what_was_asked_for(capsys):
    assert main(["config", "--with", "idempotency", "--without=docs,tracing"]) == 0
    block = capsys.readouterr().out
    assert '"IDEMPOTENCY"' in block
    assert '"DOCS"' not in block
    assert "TracingMiddleware" not in block
