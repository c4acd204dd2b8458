from __future__ import annotations

from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate


@pytest.fixture
def document(client: httpx.Client) -> dict[str, Any]:
    return dict(client.get("/api/openapi.json").json())


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_the_context_of_the_views_is_nowhere_in_it(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert not names & {"ctx", "request", "response"}, (method, path)


def test_bookings_need_a_login_and_airports_do_not(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert paths["/api/bookings"]["post"]["security"]
    assert paths["/api/bookings/{booking_id}"]["get"]["security"]
    assert not paths["/api/airports"]["get"].get("security")
    assert not paths["/api/auth/login"]["post"].get("security")


def test_the_docs_page_is_served(client: httpx.Client) -> None:
    response = client.get("/api/docs")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
