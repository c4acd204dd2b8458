"""schemathesis calls the running demo with whatever the OpenAPI document allows, and forbids."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import DEPLOYED, log_in, serving

CONFIG = Path(__file__).resolve().parent.parent / "schemathesis.toml"
SECONDS = 170


@pytest.mark.parametrize("kind", ["uvicorn"])
def test_schemathesis_finds_no_failure(kind: str, loaded: Path, tmp_path: Path) -> None:
    with serving(kind, loaded, tmp_path, **DEPLOYED) as server:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--no-color"),
                *("--config-file", str(CONFIG), "run", f"{server.url}/api/openapi.json"),
            ],
            cwd=tmp_path,
            env={**os.environ, "AIRLINE_TOKEN": log_in(server)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    assert "Traceback" not in server.log.read_text()
