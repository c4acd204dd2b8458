"""Through HTTP: a plain NinjaAPI and an AutoAPI, sync and async."""

import threading

import pytest
from asgiref.sync import SyncToAsync
from django.test import AsyncClient, Client

from ninja_boost_jwt import JWTAuth, create_jwt_token

from .hostile import (
    GOOD,
    REFUSED_HEADERS,
    REFUSED_PAYLOADS,
    REFUSED_TEXTS,
    UNSIGNED,
    claims,
    signed,
)

pytestmark = pytest.mark.urls("tests.api")

URLS = ["/plain/me", "/plain/native", "/api/me", "/api/native"]


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def data(response):
    body = response.json()
    return body["data"] if "ok" in body else body


@pytest.fixture
def client():
    # An exception in the view would be a 500 for a client, and so it is here.
    return Client(raise_request_exception=False)


@pytest.fixture
def async_client():
    return AsyncClient(raise_request_exception=False)


@pytest.mark.parametrize("url", URLS)
def test_a_valid_token(client, url):
    response = client.get(url, headers=bearer(create_jwt_token({"user_id": 7})))
    assert response.status_code == 200
    assert data(response)["user_id"] == 7
    assert set(data(response)) == {"user_id", "exp", "iat"}


@pytest.mark.parametrize("url", URLS)
async def test_a_valid_token_async(async_client, url):
    response = await async_client.get(url, headers=bearer(create_jwt_token({"user_id": 7})))
    assert response.status_code == 200
    assert data(response)["user_id"] == 7


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"authorization": GOOD},
        {"authorization": f"Token {GOOD}"},
        {"authorization": f"Bearer{GOOD}"},
        {"authorization": f"Bearer {GOOD}, Bearer {GOOD}"},
        {"authorization": f"Bearer {GOOD} x"},
        {"x-authorization": f"Bearer {GOOD}"},
    ],
)
async def test_without_a_valid_credential(async_client, url, headers):
    response = await async_client.get(url, headers=headers)
    assert response.status_code == 401
    if url.startswith("/api"):
        assert response.json()["ok"] is False
        assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_as_http_has_it(client, scheme):
    token = create_jwt_token({})
    assert client.get("/api/me", headers={"authorization": f"{scheme} {token}"}).status_code == 200


HOSTILE = {
    **{
        name: text
        for name, text in REFUSED_TEXTS.items()
        if len(text) < 60_000 and "\udcff" not in text and "\n" not in text
    },
    **UNSIGNED,
    **{name: signed(payload) for name, payload in REFUSED_PAYLOADS.items()},
    **{name: signed(claims(), header) for name, header in REFUSED_HEADERS.items()},
}


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE)
def test_hostile_tokens_are_401(client, token):
    for url in ("/plain/me", "/api/me"):
        assert client.get(url, headers=bearer(token)).status_code == 401


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_tokens_are_401_async(async_client, token):
    for url in ("/plain/native", "/api/native"):
        assert (await async_client.get(url, headers=bearer(token))).status_code == 401


async def test_bytes_that_are_no_text(async_client):
    scope_headers = [(b"authorization", b"Bearer \xff\xfe\x00" + b"\xf0" * 20)]
    request = async_client.request(path="/api/native", method="GET", headers=scope_headers)
    assert (await request).status_code == 401


def test_an_open_operation_ignores_tokens(client):
    for headers in ({}, bearer("junk"), bearer(create_jwt_token({"user_id": 7}))):
        response = client.get("/api/open", headers=headers)
        assert data(response) == {"user": None}


def test_without_a_key_everybody_is_refused(client, settings):
    token = create_jwt_token({})
    settings.JWT_SECRET_KEY = None
    for url in ("/plain/me", "/api/me"):
        assert client.get(url, headers=bearer(token)).status_code == 401


@pytest.mark.parametrize("url", ["/plain/native", "/api/native"])
async def test_async_operations_need_no_thread(async_client, monkeypatch, url):
    token = create_jwt_token({"user_id": 7})
    entered = []
    original = SyncToAsync.__call__

    async def spy(self, *args, **kwargs):
        entered.append(self.func)
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", spy)
    for headers in (bearer(token), bearer("junk"), {}):
        await async_client.get(url, headers=headers)
    assert not [function for function in entered if isinstance(function, JWTAuth)]
    assert (
        await async_client.get("/plain/native-customer", headers=bearer(token))
    ).status_code == 200
    assert [function for function in entered if isinstance(function, JWTAuth)], "the spy sees it"


def test_a_subclass(client):
    response = client.get("/plain/customer", headers=bearer(create_jwt_token({"user_id": 7})))
    assert response.json()["customer"] == 7
    assert client.get("/plain/customer", headers=bearer("junk")).status_code == 401


@pytest.mark.parametrize("prefix", ["plain", "api"])
async def test_a_sync_subclass_of_an_async_operation_runs_in_a_thread(async_client, prefix):
    headers = bearer(create_jwt_token({"user_id": 7}))
    body = data(await async_client.get(f"/{prefix}/native-customer", headers=headers))
    assert body["customer"] == 7
    assert body["thread"] != body["view_thread"]


async def test_an_async_subclass(async_client):
    headers = bearer(create_jwt_token({"user_id": 7}))
    body = (await async_client.get("/plain/async-customer", headers=headers)).json()
    assert body["customer"] == 7
    assert body["thread"] == body["view_thread"] == threading.get_ident()
    response = await async_client.get("/plain/async-customer", headers=bearer("junk"))
    assert response.status_code == 401


async def test_claims_can_be_awaited_as_often_as_liked():
    from ninja_boost_jwt import decode_jwt_token

    decoded = decode_jwt_token(create_jwt_token({"user_id": 7}))
    assert await decoded is decoded
    assert await decoded is decoded


def test_the_header_is_in_no_log(client, settings, caplog):
    settings.DEBUG = True
    caplog.set_level("DEBUG")
    client.get("/plain/me", headers={"authorization": "Digest do-not-tell"})
    client.get("/plain/me", headers=bearer("do-not-tell"))
    assert "do-not-tell" not in caplog.text


@pytest.mark.parametrize("prefix", ["plain", "api"])
def test_openapi(client, prefix):
    schema = client.get(f"/{prefix}/openapi.json").json()
    assert schema["components"]["securitySchemes"]["JWTAuth"] == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
    }
    assert schema["paths"][f"/{prefix}/me"]["get"]["security"] == [{"JWTAuth": []}]
