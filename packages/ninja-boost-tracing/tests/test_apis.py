"""With an AutoAPI the id is in the context and in every error; a plain NinjaAPI has it too."""

import pytest
from django.test import AsyncClient, Client

pytestmark = pytest.mark.urls("tests.api")


@pytest.fixture(autouse=True)
def _middleware(settings):
    settings.MIDDLEWARE = [
        "ninja_boost_tracing.TracingMiddleware",
        "django.middleware.common.CommonMiddleware",
    ]


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


def test_context(client):
    response = client.get("/api/things/item")
    assert response.json() == {"ok": True, "data": {"ctx": response["X-Trace-Id"]}}


async def test_context_async():
    response = await AsyncClient().get("/api/things/native")
    assert response.json() == {"ok": True, "data": {"ctx": response["X-Trace-Id"]}}


def test_plain_api(client):
    response = client.get("/plain/item")
    assert response.json() == {"trace_id": response["X-Trace-Id"]}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/things/broken", 500),
        ("post", "/api/things/item", 405),
        ("get", "/api/things/nothing", 404),
        ("get", "/api/nothing/at/all", 404),
    ],
)
def test_errors(client, method, path, status):
    response = getattr(client, method)(path)
    assert response.status_code == status
    body = response.json()
    assert body["ok"] is False
    assert body["code"] == status
    assert body["trace_id"] == response["X-Trace-Id"]


async def test_unknown_route_async():
    response = await AsyncClient().get("/api/nothing")
    assert response.json()["trace_id"] == response["X-Trace-Id"]
    assert response.json()["code"] == response.status_code == 404


@pytest.mark.parametrize("path", ["/plain/nothing", "/nothing", "/apis"])
def test_other_unknown_routes_are_djangos(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")
    assert response["X-Trace-Id"]
