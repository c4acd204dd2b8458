from __future__ import annotations

from collections.abc import Iterator
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


def test_what_a_success_sends_is_typed_to_the_end(document: dict[str, Any]) -> None:
    """A generated client finds every field that is sent, and nothing that may or may not be."""
    components = document["components"]["schemas"]

    def weak(schema: dict[str, Any], place: str) -> Iterator[str]:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            yield from weak(components[name], name)
            return
        for number, option in enumerate(schema.get("anyOf", ()) or schema.get("allOf", ())):
            yield from weak(option, f"{place}.{number}")
        if not schema.keys() & {"$ref", "anyOf", "allOf", "type", "const", "enum"}:
            yield f"{place}: anything"
        if schema.get("type") == "array":
            yield from weak(schema.get("items", {}), f"{place}[]")
        if schema.get("type") == "object" and schema.get("additionalProperties", False):
            yield f"{place}: any object"
        for name, part in schema.get("properties", {}).items():
            if name not in schema.get("required", ()):
                yield f"{place}.{name}: optional"
            yield from weak(part, f"{place}.{name}")

    found = {
        problem
        for operations in document["paths"].values()
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for content in response.get("content", {}).values()
        for problem in weak(content["schema"], operation["operationId"])
    }
    # The details of a probe are for those who may see them, and each check says what it likes.
    assert found == {"HealthOut.checks: optional", "HealthOut.checks.0: any object"}


def test_the_docs_page_is_served(client: httpx.Client) -> None:
    response = client.get("/api/docs")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
