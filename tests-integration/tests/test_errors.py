"""Bad input of every kind gives the documented error, and nothing gives a 500."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from .conftest import CLOSED_ID, DEPLOYED
from .tokens import CLAIMS, HS256, SOON, encode, signed


def expect_error(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/json")
    assert len(response.headers["x-trace-id"]) == 32
    body = response.json()
    assert body["ok"] is False
    assert body["code"] == status
    assert body["error"]
    assert body["trace_id"] == response.headers["x-trace-id"]
    assert "data" not in body
    return dict(body)


@pytest.mark.parametrize(
    "url",
    [
        "/api/airports/ZZZZ",
        "/api/flights/9223372036854775807",
        "/api/countries/ZZ",
        "/api/no/such/route",
        "/api/airports/LSZH/",
        "/api/",
        "/api/%00",
        "/api/%F0%9F%9B%AB",
        "/api/%FF%FE",
    ],
)
def test_what_is_not_there_is_a_404(client: httpx.Client, url: str) -> None:
    expect_error(client.get(url), 404)


@pytest.mark.parametrize(
    ("method", "url", "allowed"),
    [
        ("DELETE", "/api/airports", {"GET"}),
        ("POST", "/api/airports/LSZH", {"GET", "PATCH"}),
        ("PUT", "/api/bookings", {"GET", "POST"}),
        ("GET", "/api/auth/login", {"POST"}),
        ("PATCH", "/api/airports/nearest", {"GET"}),
        ("DELETE", "/api/countries", {"GET"}),
        ("PROPFIND", "/api/status", {"GET"}),
    ],
)
def test_a_wrong_method_is_a_405_that_names_the_right_ones(
    client: httpx.Client, method: str, url: str, allowed: set[str]
) -> None:
    response = client.request(method, url)
    expect_error(response, 405)
    named = {name.strip() for name in response.headers["allow"].split(",")}
    assert allowed <= named <= allowed | {"HEAD", "OPTIONS"}


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
@pytest.mark.parametrize("url", ["/api/airports", "/api/airports/feed", "/api/airports/nearest"])
def test_head_and_options_are_answered(client: httpx.Client, method: str, url: str) -> None:
    response = client.request(method, url)
    assert response.status_code in {200, 204, 405, 422}
    if response.status_code == 405:
        assert "GET" in response.headers["allow"]
    if method == "HEAD":
        assert response.content == b""


@pytest.mark.parametrize("path", ["/api/airports", "/api/flights"])
@pytest.mark.parametrize(
    ("page", "size"),
    [
        ("0", "10"),
        ("-1", "10"),
        ("1", "0"),
        ("1", "-5"),
        ("abc", "10"),
        ("1", "ten"),
        ("1.5", "10"),
        ("1e3", "10"),
        ("NaN", "10"),
        ("", "10"),
        ("1", ""),
        ("\u0661x", "10"),
        ("1\x00", "10"),
        ("1; DROP TABLE airports", "10"),
        ("9" * 3900, "10"),
    ],
)
def test_a_page_that_is_no_positive_integer_is_a_422(
    client: httpx.Client, path: str, page: str, size: str
) -> None:
    body = expect_error(client.get(path, params={"page": page, "size": size}), 422)
    assert {tuple(item["loc"])[-1] for item in body["details"]} <= {"page", "size"}


@pytest.mark.parametrize("page", [10**6, 2**31, 2**63, 10**18])
def test_a_page_beyond_the_last_is_no_error_of_ours(client: httpx.Client, page: int) -> None:
    response = client.get("/api/airports", params={"page": page})
    assert response.status_code in {200, 404, 422}
    if response.status_code == 200:
        assert response.json()["data"]["items"] == []
        assert response.json()["data"]["total"] > 28_000


def test_a_size_over_the_maximum_is_capped(client: httpx.Client) -> None:
    data = client.get("/api/airports", params={"size": 10**6}).json()["data"]
    assert len(data["items"]) == data["size"] < 1001


@pytest.mark.parametrize(
    "query",
    [
        "country=Switzerland",
        "country=ch",
        "q=%00",
        "q=",
        "q=" + "a" * 61,
        "min_elevation=high",
        "min_elevation=99999999999999999999",
        "min_elevation=Infinity",
    ],
)
def test_an_invalid_filter_is_a_422_that_names_it(client: httpx.Client, query: str) -> None:
    body = expect_error(client.get(f"/api/airports?{query}"), 422)
    assert body["details"][0]["loc"][-1] == query.partition("=")[0]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "latitude=47",
        "latitude=91&longitude=0",
        "latitude=nan&longitude=0",
        "latitude=inf&longitude=-inf",
        "latitude=47&longitude=8&radius_km=0",
        "latitude=47&longitude=8&limit=101",
        "latitude=47,5&longitude=8",
    ],
)
def test_the_async_route_validates_too(client: httpx.Client, query: str) -> None:
    expect_error(client.get(f"/api/airports/nearest?{query}"), 422)


@pytest.mark.parametrize("flight_id", ["0", "-1", "x", "1.5", "9223372036854775808", "9" * 400])
def test_a_path_value_out_of_range_is_a_422(client: httpx.Client, flight_id: str) -> None:
    body = expect_error(client.get(f"/api/flights/{flight_id}"), 422)
    assert body["details"][0]["loc"] == ["path", "flight_id"]


def forgeries(cursor: str) -> dict[str, str]:
    flipped = "".join(chr(ord(c) ^ 1) if n == len(cursor) // 2 else c for n, c in enumerate(cursor))
    return {
        "changed": flipped,
        "truncated": cursor[:-4],
        "extended": cursor + "AAAA",
        "not base64": "!" * 40,
        "plain JSON": base64.urlsafe_b64encode(b'{"id": 42}').decode(),
        "the original's": "eyJpZCI6IDQyfQ",
        "empty JSON": base64.urlsafe_b64encode(b"{}").decode(),
        "a number": "1",
        "not ASCII": "é✈",
        "with NUL": cursor + "\x00",
        "long": "A" * 3900,
    }


def test_a_forged_cursor_is_a_400(client: httpx.Client) -> None:
    cursor = client.get("/api/airports/feed").json()["data"]["next_cursor"]
    for what, forged in forgeries(cursor).items():
        response = client.get("/api/airports/feed", params={"cursor": forged})
        assert response.status_code == 400, what
        expect_error(response, 400)


BOOKING = {"flight_id": 1, "passenger": "Ada"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"flight_id": 1,}',
        b"{'flight_id': 1}",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"flight_id": 1, "passenger": "\xc3\x28"}',
    ],
    ids=["open", "comma", "quotes", "binary", "deep list", "deep object", "bad UTF-8"],
)
def test_malformed_json_is_a_400(passenger: httpx.Client, body: bytes) -> None:
    response = passenger.post(
        "/api/bookings", content=body, headers={"content-type": "application/json"}
    )
    expect_error(response, 400)


def test_an_empty_body_is_a_422(passenger: httpx.Client) -> None:
    expect_error(passenger.post("/api/bookings"), 422)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        "text",
        17,
        None,
        {**BOOKING, "flight_id": "1"},
        {**BOOKING, "flight_id": True},
        {**BOOKING, "flight_id": 1.5},
        {**BOOKING, "flight_id": 0},
        {**BOOKING, "flight_id": 2**63},
        {**BOOKING, "flight_id": 10**400},
        {**BOOKING, "flight_id": float("nan")},
        {**BOOKING, "passenger": ""},
        {**BOOKING, "passenger": " "},
        {**BOOKING, "passenger": "a" * 101},
        {**BOOKING, "passenger": "a\x00b"},
        {**BOOKING, "passenger": "a\nb"},
        {**BOOKING, "passenger": ["Ada"]},
        {**BOOKING, "seats": 0},
        {**BOOKING, "seats": 10},
        {**BOOKING, "seats": None},
        {**BOOKING, "note": "x" * 201},
        {**BOOKING, "note": "\ud800"},
        {**BOOKING, "\ud800": 1},
        {**BOOKING, "owner": 1},
    ],
    ids=lambda payload: repr(payload)[:70],
)
def test_a_body_of_the_wrong_shape_is_a_422(passenger: httpx.Client, payload: object) -> None:
    response = passenger.post(
        "/api/bookings",
        content=json.dumps(payload),
        headers={"content-type": "application/json"},
    )
    body = expect_error(response, 422)
    assert body["details"][0]["loc"][0] == "body"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense", ""],
)
def test_a_wrong_content_type_is_no_server_error(
    passenger: httpx.Client, content_type: str
) -> None:
    response = passenger.post(
        "/api/bookings", content=b"<booking/>", headers={"content-type": content_type}
    )
    expect_error(response, response.status_code)
    assert response.status_code in {400, 415, 422}


def test_a_broken_multipart_body_is_no_server_error(passenger: httpx.Client) -> None:
    response = passenger.post(
        "/api/bookings",
        content=b"--x\r\nContent-Disposition: form-data; name=",
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    expect_error(response, response.status_code)
    assert response.status_code in {400, 415, 422}


GARBAGE = {
    "no credential": "",
    "no token": "Bearer",
    "not a token": "Bearer demo",
    "other scheme": "Basic ZGVtbzpmbHk=",
    "two words": "Bearer a b",
    "dots": "Bearer ...",
    "two parts": "Bearer " + ".".join(signed(HS256, CLAIMS).split(".")[:2]),
    "four parts": "Bearer " + signed(HS256, CLAIMS) + ".x",
    "not base64": "Bearer !.!.!",
    "not JSON": f"Bearer {encode(b'x')}.{encode(b'y')}.{encode(b'z')}",
    "header a list": "Bearer " + signed([], CLAIMS),
    "header null": "Bearer " + signed(None, CLAIMS),
    "claims a list": "Bearer " + signed(HS256, [1]),
    "claims a number": "Bearer " + signed(HS256, 1),
    "claims null": "Bearer " + signed(HS256, None),
    "alg none": f"Bearer {encode({'alg': 'none'})}.{encode(CLAIMS)}.",
    "alg None signed": "Bearer " + signed({"alg": "None"}, CLAIMS),
    "alg missing": "Bearer " + signed({"typ": "JWT"}, CLAIMS),
    "alg a number": "Bearer " + signed({"alg": 256}, CLAIMS),
    "alg HS512": "Bearer " + signed({"alg": "HS512"}, CLAIMS),
    "alg RS256": "Bearer " + signed({"alg": "RS256"}, CLAIMS),
    "kid injection": "Bearer " + signed({**HS256, "kid": "../../dev/null"}, CLAIMS, key=" "),
    "crit unknown": "Bearer " + signed({**HS256, "crit": ["x"], "x": 1}, CLAIMS),
    "other key": "Bearer " + signed(HS256, CLAIMS, key="x" * 32),
    "Django's key": "Bearer " + signed(HS256, CLAIMS, key=DEPLOYED["AIRLINE_SECRET_KEY"]),
    "empty key": "Bearer " + signed(HS256, CLAIMS, key=""),
    "expired": "Bearer " + signed(HS256, {**CLAIMS, "exp": 1}),
    "no expiry": "Bearer " + signed(HS256, {"user_id": 1}),
    "expiry a text": "Bearer " + signed(HS256, {**CLAIMS, "exp": "later"}),
    "expiry huge": "Bearer " + signed(HS256, {**CLAIMS, "exp": 1e400}),
    "expiry null": "Bearer " + signed(HS256, {**CLAIMS, "exp": None}),
    "not yet": "Bearer " + signed(HS256, {**CLAIMS, "nbf": SOON}),
    "issued a text": "Bearer " + signed(HS256, {**CLAIMS, "iat": "now"}),
    "subject a list": "Bearer " + signed(HS256, {**CLAIMS, "sub": [1]}),
    "nobody": "Bearer " + signed(HS256, {**CLAIMS, "user_id": 10**9}),
    "closed account": "Bearer " + signed(HS256, {**CLAIMS, "user_id": CLOSED_ID}),
    "user missing": "Bearer " + signed(HS256, {"exp": SOON}),
    "user null": "Bearer " + signed(HS256, {**CLAIMS, "user_id": None}),
    "user a text": "Bearer " + signed(HS256, {**CLAIMS, "user_id": "x"}),
    "user an object": "Bearer " + signed(HS256, {**CLAIMS, "user_id": {"$ne": 1}}),
    "user beyond 64 bits": "Bearer " + signed(HS256, {**CLAIMS, "user_id": 2**70}),
    "surrogate": "Bearer " + signed(HS256, {**CLAIMS, "user_id": "\ud800"}),
    "long": "Bearer " + "A" * 6000,
    "deep": f"Bearer {encode(HS256)}.{encode(b'[' * 3000)}.x",
    "high bytes": "Bearer \xff\xfe",
}


@pytest.mark.parametrize("credential", list(GARBAGE.values()), ids=list(GARBAGE))
def test_a_garbage_token_is_a_401(client: httpx.Client, credential: str) -> None:
    headers = {b"authorization": credential.encode("latin-1")} if credential else {}
    response = client.get("/api/bookings", headers=headers)
    expect_error(response, 401)
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_our_own_signature_is_accepted(connect: Callable[..., httpx.Client]) -> None:
    """Without this, the test above would pass for any reason."""
    good = connect(authorization=f"Bearer {signed(HS256, CLAIMS)}")
    assert good.get("/api/bookings").status_code == 200


def test_every_answer_has_its_own_trace_id(client: httpx.Client) -> None:
    seen = [
        client.get(url).headers["x-trace-id"]
        for url in (
            "/api/status",
            "/api/status",
            "/api/nope",
            "/api/airports/export.csv?country=CH",
        )
    ]
    assert len(set(seen)) == len(seen)


def test_a_trace_id_of_a_stranger_is_not_taken_over(client: httpx.Client) -> None:
    response = client.get("/api/status", headers={"x-trace-id": "evil\tid", "traceparent": "x"})
    assert "evil" not in response.headers["x-trace-id"]
