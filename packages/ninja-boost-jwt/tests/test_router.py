"""The ready-made operations, on a plain NinjaAPI and on an AutoAPI."""

import json

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, Client

from ninja_boost_jwt import aissue_tokens, arefresh_tokens, decode_jwt_token, issue_tokens

from .people import families, let_pass, new_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.api")]
PREFIXES = ["plain", "api"]


@pytest.fixture(params=PREFIXES)
def post(request):
    client = Client(raise_request_exception=False)

    def send(path, body):
        url = f"/{request.param}/token/{path}"
        return client.post(url, json.dumps(body), content_type="application/json")

    send.prefix = request.param
    return send


def pair_in(response):
    body = response.json()
    return body["data"] if "ok" in body else body


def test_refresh(post):
    user = new_user()
    response = post("refresh", {"refresh_token": issue_tokens(user).refresh_token})
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    pair = pair_in(response)
    assert set(pair) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert decode_jwt_token(pair["access_token"])["user_id"] == user.pk
    assert post("refresh", {"refresh_token": pair["refresh_token"]}).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "a" * 100_000, "\x00", "é" * 43, "a.b.c"])
def test_refused(post, token):
    response = post("refresh", {"refresh_token": token})
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["Cache-Control"] == "no-store"
    if post.prefix == "api":
        assert response.json()["ok"] is False
        assert response.json()["error"] == "The refresh token is not valid."
    else:
        assert response.json() == {"detail": "The refresh token is not valid."}


@pytest.mark.parametrize("body", [{}, [], {"refresh_token": 7}, {"refresh_token": None}, "x"])
def test_bodies_of_another_shape(post, body):
    assert post("refresh", body).status_code == 422
    assert post("logout", body).status_code == 422


def test_logout(post):
    pair = issue_tokens(new_user())
    for token in (pair.refresh_token, pair.refresh_token, "x", "a" * 43, pair.access_token):
        response = post("logout", {"refresh_token": token})
        assert response.status_code == 204
        assert response.content == b""
    assert post("refresh", {"refresh_token": pair.refresh_token}).status_code == 401


def test_a_reuse_is_kept_with_atomic_requests(post, settings):
    """The 401 must not roll back what it says."""
    user = new_user()
    stolen = issue_tokens(user).refresh_token
    assert post("refresh", {"refresh_token": stolen}).status_code == 200
    let_pass(user, 11)
    connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
    try:
        assert post("refresh", {"refresh_token": stolen}).status_code == 401
    finally:
        connections["default"].settings_dict["ATOMIC_REQUESTS"] = False
    assert families(user).get().revoked_at is not None


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_async(prefix):
    user = await sync_to_async(new_user)()
    pair = await aissue_tokens(user)
    response = await AsyncClient().post(
        f"/{prefix}/token/refresh",
        json.dumps({"refresh_token": pair.refresh_token}),
        content_type="application/json",
    )
    assert response.status_code == 200
    assert await arefresh_tokens(pair_in(response)["refresh_token"])


@pytest.mark.parametrize("prefix", PREFIXES)
def test_openapi(prefix):
    schema = Client().get(f"/{prefix}/openapi.json").json()
    for path in ("refresh", "logout"):
        operation = schema["paths"][f"/{prefix}/token/{path}"]["post"]
        assert "security" not in operation
    assert {"200", "401"} <= {
        *map(str, schema["paths"][f"/{prefix}/token/refresh"]["post"]["responses"])
    }
