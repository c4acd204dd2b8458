"""schemathesis calls the running demo with whatever the OpenAPI document allows, and forbids."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from .conftest import COMMANDS, CREW_ID, log_in, serving
from .tokens import CLAIMS, HS256, signed

CONFIG = Path(__file__).resolve().parent.parent / "schemathesis.toml"
# Against a hang: the number of examples bounds the run, to half a minute on an idle machine.
SECONDS = 600


@pytest.mark.parametrize("kind", list(COMMANDS))
def test_schemathesis_finds_no_failure(kind: str, loaded: Path, tmp_path: Path) -> None:
    with serving(kind, loaded, tmp_path) as server:
        token = log_in(server)
        crew = signed(HS256, {**CLAIMS, "user_id": CREW_ID, "is_staff": True})
        booked = httpx.post(
            f"{server.url}/api/bookings",
            json={"flight_id": 205, "passenger": "First of all"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        assert booked.json()["data"]["id"] == 1
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--no-color"),
                *("--config-file", str(CONFIG), "run", f"{server.url}/api/openapi.json"),
            ],
            cwd=tmp_path,
            env={**os.environ, "AIRLINE_TOKEN": token, "AIRLINE_CREW_TOKEN": crew},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    assert "Failures:" not in done.stdout
    assert "Traceback" not in server.log.read_text()
