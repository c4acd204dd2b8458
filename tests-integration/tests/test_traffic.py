"""Limits, idempotent payments and the webhook that ends them, over HTTP."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from ninja_boost_webhooks import sign_stripe

from .conftest import COMMANDS, CREDENTIALS, CREW_ID, DEPLOYED, Server, serving
from .test_bookings import bookable
from .tokens import CLAIMS, HS256, signed

SECRET = DEPLOYED["AIRLINE_STRIPE_SECRET"]


@pytest.fixture(params=list(COMMANDS))
def limited(request: pytest.FixtureRequest, loaded: Path, tmp_path: Path) -> Iterator[Server]:
    # By day, so that nothing comes back while a busy machine counts.
    rates = {"AIRLINE_LOGIN_RATE": "10/day", "AIRLINE_SEARCH_RATE": "60/day"}
    with serving(request.param, loaded, tmp_path, **rates) as running:
        yield running


def test_failed_logins_and_searches_are_limited(limited: Server) -> None:
    with httpx.Client(base_url=limited.url, timeout=30) as client:
        wrong = {**CREDENTIALS, "password": "wrong"}
        answers = [client.post("/api/auth/login", json=wrong) for _ in range(11)]
        # Nobody escapes by saying where he comes from.
        spoofed = client.post(
            "/api/auth/login", json=CREDENTIALS, headers={"X-Forwarded-For": "203.0.113.9"}
        )
        assert [answer.status_code for answer in answers] == [401] * 10 + [429]
        assert spoofed.status_code == 429
        assert int(answers[0].headers["x-ratelimit-remaining"]) == 9
        assert int(spoofed.headers["retry-after"]) >= 1
        assert spoofed.json()["code"] == 429

        found = [client.get("/api/airports", params={"q": "zurich"}) for _ in range(61)]
        assert [answer.status_code for answer in found] == [200] * 60 + [429]
        assert client.get("/api/airports", params={"country": "CH"}).status_code == 200


@pytest.fixture
def booking(client: httpx.Client, passenger: httpx.Client) -> dict[str, object]:
    order = {"flight_id": bookable(client)["id"], "passenger": "Harriet Quimby"}
    return dict(passenger.post("/api/bookings", json=order).json()["data"])


def deliver(client: httpx.Client, event: dict[str, object], secret: str = SECRET) -> httpx.Response:
    body = json.dumps(event)
    headers = {"Content-Type": "application/json", **sign_stripe(body, secret)}
    return client.post("/api/webhooks/stripe", content=body, headers=headers)


def succeeded(intent: str, number: str = "") -> dict[str, object]:
    return {
        "id": f"evt_{intent}{number}",
        "type": "payment_intent.succeeded",
        "data": {"object": {"id": intent}},
    }


def test_a_booking_is_paid_once_and_the_webhook_says_so(
    client: httpx.Client, passenger: httpx.Client, booking: dict[str, object]
) -> None:
    url = f"/api/bookings/{booking['id']}"
    assert booking["paid_at"] is None

    def pay(key: str) -> httpx.Response:
        return passenger.post(f"{url}/payments", headers={"Idempotency-Key": f'"{key}"'})

    key = f"payment-of-{booking['reference']}"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: pay(key), range(12)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    bodies = {answer.content for answer in answers if answer.status_code == 201}
    assert len(bodies) == 1
    again = pay(key)
    assert again.content in bodies
    assert again.headers["x-idempotency-replay"] == "true"
    assert pay(f"{key}-other").status_code == 409

    intent = again.json()["data"]["intent"]
    assert deliver(client, succeeded(intent), "whsec_wrong").status_code == 401
    assert passenger.get(url).json()["data"]["paid_at"] is None
    assert deliver(client, succeeded(intent)).json()["data"] == {"handled": True}
    assert deliver(client, succeeded(intent)).status_code == 409
    paid_at = passenger.get(url).json()["data"]["paid_at"]
    assert paid_at is not None
    # Stripe may tell it again in another event.
    assert deliver(client, succeeded(intent, "-again")).status_code == 200
    assert passenger.get(url).json()["data"]["paid_at"] == paid_at
    assert deliver(client, succeeded("pi_unknown")).json()["data"] == {"handled": False}


def test_a_killed_server_leaves_neither_key_nor_payment(loaded: Path, tmp_path: Path) -> None:
    """Many payments, a kill -9 in the middle, a new server: each booking is paid exactly once."""
    with serving("gunicorn", loaded, tmp_path, own_group=True) as running:
        with httpx.Client(base_url=running.url, timeout=30) as client:
            login = client.post("/api/auth/login", json=CREDENTIALS).json()
            headers = {"Authorization": f"Bearer {login['data']['access_token']}"}
            flight = bookable(client, seats=9)["id"]
            ids = []
            for number in range(9):
                order = {"flight_id": flight, "passenger": f"Passenger {number}"}
                answer = client.post("/api/bookings", json=order, headers=headers)
                ids.append(answer.json()["data"]["id"])

        def pay(pk: int, base: str) -> int | None:
            keyed = {**headers, "Idempotency-Key": f'"pay-{pk}"'}
            try:
                return httpx.post(
                    f"{base}/api/bookings/{pk}/payments", headers=keyed, timeout=30
                ).status_code
            except httpx.TransportError:
                return None

        with ThreadPoolExecutor(3) as pool:
            first = [pool.submit(pay, pk, running.url) for pk in ids]
            first[2].result()
            os.killpg(os.getpgid(running.process.pid), signal.SIGKILL)
            outcomes = [each.result() for each in first]
        assert None in outcomes
    (tmp_path / "again").mkdir()
    database = tmp_path / "airline.sqlite3"
    with serving("gunicorn", database, tmp_path / "again") as running:
        assert [pay(pk, running.url) for pk in ids] == [201] * len(ids)
        with httpx.Client(base_url=running.url, headers=headers, timeout=30) as client:
            assert client.get("/api/bookings").json()["data"]["total"] == len(ids)


def test_the_list_of_airports_is_cached_until_a_name_changes(
    client: httpx.Client, connect: Callable[..., httpx.Client], passenger: httpx.Client
) -> None:
    query = {"country": "LI", "size": 7}
    first = client.get("/api/airports", params=query)
    again = client.get("/api/airports", params=query)
    assert again.content == first.content
    assert "hit" in again.headers["cache-status"]
    assert again.headers["x-trace-id"] != first.headers["x-trace-id"]
    etag = {"If-None-Match": again.headers["etag"]}
    assert client.get("/api/airports", params=query, headers=etag).status_code == 304

    one = client.get("/api/airports", params={"country": "CH", "size": 3}).json()["data"]["items"][
        0
    ]
    url = f"/api/airports/{one['icao']}"
    assert client.patch(url, json={"name": "Nowhere"}).status_code == 401
    assert passenger.patch(url, json={"name": "Nowhere"}).status_code == 403
    claims = {**CLAIMS, "user_id": CREW_ID, "is_staff": True}
    crew = connect(authorization=f"Bearer {signed(HS256, claims)}")
    assert crew.patch(url, json={"name": "A new name"}).status_code == 200
    found = client.get("/api/airports", params={"country": "CH", "size": 3}).json()["data"]["items"]
    assert found[0]["name"] == "A new name"
    assert crew.patch(url, json={"name": one["name"]}).status_code == 200


def test_metrics_are_for_whoever_has_the_token(server: Server, client: httpx.Client) -> None:
    client.get("/api/countries")
    assert client.get("/metrics").status_code == 404
    token = {"Authorization": f"Bearer {DEPLOYED['AIRLINE_METRICS_TOKEN']}"}
    text = client.get("/metrics", headers=token).text
    assert 'airline_request_total{method="GET",route="/api/countries",status="200"}' in text
