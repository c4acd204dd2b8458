"""One view, two versions: what a client of each sees, and is told of the older one."""

from __future__ import annotations

import subprocess
import sys
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from .conftest import serving

CONFIG = Path(__file__).resolve().parent.parent / "schemathesis-versions.toml"
SINCE, SUNSET = 1_793_491_200, "2027-05-01T00:00:00+00:00"


def departures(client: httpx.Client, version: str) -> list[dict[str, Any]]:
    response = client.get(f"/api/{version}/airports/EGLL/departures", params={"size": 100})
    assert response.status_code == 200, response.text
    assert response.headers["x-api-version"] == version
    items: list[dict[str, Any]] = response.json()["data"]["items"]
    assert items
    return items


def test_both_versions_show_the_same_departures(client: httpx.Client) -> None:
    older, newer = departures(client, "v1"), departures(client, "v2")
    assert older == [
        {
            "number": each["number"],
            "departs_at": each["departs_at"],
            "gate": each["gate"],
            "to": each["destination"]["icao"],
        }
        for each in newer
    ]
    assert {*newer[0]} == {"destination", "number", "departs_at", "departed_at", "gate"}


@pytest.mark.parametrize("path", ["EGLL/departures", "ZZZZ/departures", "egll/departures", "none"])
def test_the_older_version_says_that_it_ends(client: httpx.Client, path: str) -> None:
    older = client.get(f"/api/v1/airports/{path}")
    assert older.headers["deprecation"] == f"@{SINCE}"
    assert parsedate_to_datetime(older.headers["sunset"]).isoformat() == SUNSET
    assert '</api/v2/>; rel="successor-version"' in older.headers["link"]
    newer = client.get(f"/api/v2/airports/{path}")
    assert newer.status_code == older.status_code
    assert "deprecation" not in newer.headers
    assert "sunset" not in newer.headers
    for response in (older, newer):
        assert response.json()["ok"] is (response.status_code == 200)


def test_an_operation_says_that_it_ends(client: httpx.Client) -> None:
    status = client.get("/api/status")
    assert status.headers["deprecation"] == f"@{SINCE}"
    assert parsedate_to_datetime(status.headers["sunset"]).isoformat() == SUNSET
    assert status.headers["link"] == '</api/health/ready>; rel="successor-version"'
    paths = client.get("/api/openapi.json").json()["paths"]
    assert [
        path
        for path, operations in paths.items()
        if any(operation.get("deprecated") for operation in operations.values())
    ] == ["/api/status"]


def test_each_document_has_the_schemas_of_its_version(client: httpx.Client) -> None:
    found = {}
    for version in ("v1", "v2"):
        document = client.get(f"/api/{version}/openapi.json").json()
        validate(document)
        assert document["info"]["version"] == version
        found[version] = document["components"]["schemas"]
    assert {*found["v1"]["Departure"]["properties"]} == {"number", "departs_at", "gate", "to"}
    assert "AirportBrief" not in found["v1"]
    assert "destination" in found["v2"]["Departure"]["properties"]
    for schemas in found.values():
        assert {*schemas["Departure"]["required"]} == {*schemas["Departure"]["properties"]}


def test_schemathesis_finds_no_failure(loaded: Path, tmp_path: Path) -> None:
    with serving("gunicorn", loaded, tmp_path) as server:
        for version in ("v1", "v2"):
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "schemathesis.cli", "--no-color"),
                    *("--config-file", str(CONFIG)),
                    *("run", f"{server.url}/api/{version}/openapi.json"),
                ],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
            assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    assert "Traceback" not in server.log.read_text()
