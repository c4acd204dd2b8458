"""The lines that the demo prints are pasted into a shell here, as a reader would."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import Server, manage


@pytest.fixture
def lines(server: Server, loaded: Path) -> list[str]:
    done = manage(loaded, "demo_info", "--base-url", server.url)
    assert done.returncode == 0, done.stderr
    assert f"{server.url}/api/docs" in done.stdout
    return [line.strip() for line in done.stdout.splitlines() if "curl" in line]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_three_curl_lines_work_as_pasted(lines: list[str]) -> None:
    assert len(lines) == 3
    answers = [
        json.loads(
            subprocess.run(
                ["sh", "-c", line], capture_output=True, check=True, timeout=60, text=True
            ).stdout
        )
        for line in lines
    ]
    airports, feed, booking = answers
    assert all(answer["ok"] is True for answer in answers)
    assert {airport["country"]["code"] for airport in airports["data"]["items"]} == {"CH"}
    assert feed["data"]["next_cursor"]
    assert booking["data"]["reference"]
