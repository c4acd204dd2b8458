"""Staff, the audit trail, and tokens that are refreshed, over HTTP."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

import httpx
import pytest

from ninja_boost_webhooks import sign_stripe

from .conftest import CREDENTIALS, CREW_ID, DEPLOYED, Server, manage
from .test_bookings import bookable
from .tokens import CLAIMS, HS256, signed


@pytest.fixture
def crew(connect: Callable[..., httpx.Client]) -> httpx.Client:
    claims = {**CLAIMS, "user_id": CREW_ID, "is_staff": True}
    return connect(authorization=f"Bearer {signed(HS256, claims)}")


@pytest.fixture
def paid(client: httpx.Client, passenger: httpx.Client) -> str:
    """The URL of a booking that is paid."""
    order = {"flight_id": bookable(client)["id"], "passenger": "Jacqueline Cochran"}
    url = str(passenger.post("/api/bookings", json=order).headers["location"])
    intent = passenger.post(f"{url}/payments").json()["data"]["intent"]
    event = {"type": "payment_intent.succeeded", "data": {"object": {"id": intent}}}
    body = json.dumps({"id": f"evt_{intent}", **event})
    headers = sign_stripe(body, DEPLOYED["AIRLINE_STRIPE_SECRET"])
    assert client.post("/api/webhooks/stripe", content=body, headers=headers).status_code == 200
    return url


def test_staff_sees_and_refunds_what_others_booked(
    crew: httpx.Client, passenger: httpx.Client, client: httpx.Client, paid: str
) -> None:
    assert crew.get(paid).status_code == 200
    listed = crew.get("/api/bookings", params={"size": 100}).json()["data"]["items"]
    assert any(f"/{booking['id']}" in paid for booking in listed)

    assert client.post(f"{paid}/refund").status_code == 401
    assert passenger.post(f"{paid}/refund").status_code == 403
    assert passenger.get(paid).json()["data"]["refunded_at"] is None
    refunded = crew.post(f"{paid}/refund")
    assert refunded.status_code == 200
    assert refunded.json()["data"]["refunded_at"] is not None
    assert crew.post(f"{paid}/refund").status_code == 409
    assert crew.post("/api/bookings/999999/refund").status_code == 404


def test_refunds_are_on_the_trail_and_the_trail_is_whole(
    server: Server, crew: httpx.Client, passenger: httpx.Client, client: httpx.Client, paid: str
) -> None:
    for who in (client, passenger, crew, crew):
        who.post(f"{paid}/refund")
    number = paid.rpartition("/")[2]
    database = server.log.parent / "airline.sqlite3"
    with sqlite3.connect(database) as connection:
        found = connection.execute(
            "select actor_id, outcome, status, details from ninja_boost_audit_auditrecord"
            " where action = 'booking.refund' and resource_id = ? order by timestamp",
            [number],
        ).fetchall()
    connection.close()
    assert [row[:3] for row in found] == [
        (None, "denied", 401),
        ("1", "denied", 403),
        (str(CREW_ID), "success", 200),
        (str(CREW_ID), "failure", 409),
    ]
    assert "amount" in found[2][3]
    done = manage(database, "audit_verify", **DEPLOYED)
    assert done.returncode == 0, done.stdout + done.stderr

    with sqlite3.connect(database) as connection:
        connection.execute(
            "update ninja_boost_audit_auditrecord set actor_id = '1'"
            " where action = 'booking.refund' and resource_id = ? and outcome = 'success'",
            [number],
        )
    connection.close()
    done = manage(database, "audit_verify", **DEPLOYED)
    assert done.returncode != 0
    with sqlite3.connect(database) as connection:
        connection.execute(
            "update ninja_boost_audit_auditrecord set actor_id = ?"
            " where action = 'booking.refund' and resource_id = ? and outcome = 'success'",
            [str(CREW_ID), number],
        )
    connection.close()
    assert manage(database, "audit_verify", **DEPLOYED).returncode == 0


def test_a_login_is_refreshed_and_ended(client: httpx.Client) -> None:
    pair = client.post("/api/auth/login", json=CREDENTIALS).json()["data"]
    assert pair["token_type"].lower() == "bearer"

    def refresh(token: str) -> httpx.Response:
        return client.post("/api/auth/refresh", json={"refresh_token": token})

    following = refresh(pair["refresh_token"]).json()["data"]
    assert following["refresh_token"] != pair["refresh_token"]
    bearer = {"Authorization": f"Bearer {following['access_token']}"}
    assert client.get("/api/bookings", headers=bearer).status_code == 200
    ended = client.post("/api/auth/logout", json={"refresh_token": following["refresh_token"]})
    assert ended.status_code in (200, 204)
    refused = refresh(following["refresh_token"])
    assert refused.status_code == 401
    assert refused.json()["ok"] is False
    assert refresh("nonsense").status_code == 401
