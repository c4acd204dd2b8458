from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest

from .conftest import STRANGER_ID
from .tokens import CLAIMS, HS256, signed


def bookable(client: httpx.Client, seats: int = 1) -> dict[str, object]:
    flights = client.get("/api/flights", params={"min_seats": seats, "size": 100}).json()
    pages = range(1, flights["data"]["pages"] + 1)
    for page in pages:
        found = client.get(
            "/api/flights", params={"min_seats": seats, "size": 100, "page": page}
        ).json()
        for flight in found["data"]["items"]:
            if flight["departed_at"] is None:
                return dict(flight)
    raise AssertionError("No flight has a seat left.")


def test_a_flight_carries_its_two_airports(client: httpx.Client) -> None:
    data = client.get("/api/flights", params={"size": 20}).json()["data"]
    assert len(data["items"]) == 20
    for flight in data["items"]:
        assert flight["origin"].keys() == {"icao", "iata", "name", "city"}
        assert flight["origin"]["icao"] != flight["destination"]["icao"]
        assert flight["departs_at"] < flight["arrives_at"]
    one = data["items"][3]
    assert client.get(f"/api/flights/{one['id']}").json() == {"ok": True, "data": one}


def test_flights_of_a_day_from_an_airport(client: httpx.Client) -> None:
    some = client.get("/api/flights").json()["data"]["items"][5]
    day, origin = some["departs_at"][:10], some["origin"]["icao"]
    found = client.get("/api/flights", params={"departs_on": day, "origin": origin}).json()["data"]
    assert some in found["items"]
    assert {(flight["departs_at"][:10], flight["origin"]["icao"]) for flight in found["items"]} == {
        (day, origin)
    }


def test_some_flights_have_no_gate_and_have_not_departed(client: httpx.Client) -> None:
    flights = client.get("/api/flights", params={"size": 100, "page": 6}).json()["data"]["items"]
    assert any(flight["gate"] is None for flight in flights)
    assert all(flight["departed_at"] is None for flight in flights)


def test_a_login_leads_to_a_booking_that_can_be_fetched(
    client: httpx.Client, passenger: httpx.Client
) -> None:
    flight = bookable(client, seats=3)
    order = {"flight_id": flight["id"], "passenger": "Amelia Earhart", "seats": 3, "note": None}
    response = passenger.post("/api/bookings", json=order)
    assert response.status_code == 201
    booking = response.json()["data"]
    assert booking["seats"] == 3
    assert booking["note"] is None
    assert Decimal(booking["price"]) == 3 * Decimal(flight["price"])
    assert booking["flight"]["seats_left"] == flight["seats_left"] - 3

    assert passenger.get(response.headers["location"]).json()["data"] == booking
    assert passenger.get("/api/bookings").json()["data"]["items"][0] == booking


def test_bookings_are_for_their_owner(
    client: httpx.Client, passenger: httpx.Client, connect: Callable[..., httpx.Client]
) -> None:
    order = {"flight_id": bookable(client)["id"], "passenger": "Bessie Coleman"}
    own = passenger.post("/api/bookings", json=order).headers["location"]
    stranger = connect(authorization=f"Bearer {signed(HS256, {**CLAIMS, 'user_id': STRANGER_ID})}")
    assert passenger.get(own).status_code == 200
    assert stranger.get(own).status_code == 404
    assert stranger.get("/api/bookings").json()["data"]["items"] == []
    assert client.get(own).status_code == 401


def test_nobody_books_without_a_login(client: httpx.Client) -> None:
    order = {"flight_id": bookable(client)["id"], "passenger": "Nobody"}
    assert client.post("/api/bookings", json=order).status_code == 401
    # Who may not book does not learn what a booking looks like either.
    assert client.post("/api/bookings", json={}).status_code == 401


def test_a_departed_flight_cannot_be_booked(client: httpx.Client, passenger: httpx.Client) -> None:
    gone = client.get("/api/flights").json()["data"]["items"][0]
    assert gone["departed_at"] is not None
    response = passenger.post(
        "/api/bookings", json={"flight_id": gone["id"], "passenger": "Too Late"}
    )
    assert response.status_code == 409
    assert response.json()["ok"] is False


def test_an_unknown_flight_cannot_be_booked(passenger: httpx.Client) -> None:
    response = passenger.post("/api/bookings", json={"flight_id": 10**9, "passenger": "Nobody"})
    assert response.status_code == 404


def test_the_last_seats_are_sold_once(
    client: httpx.Client, connect: Callable[..., httpx.Client], token: str
) -> None:
    flight = min(
        (
            flight
            for page in (5, 6)
            for flight in client.get("/api/flights", params={"page": page, "size": 100}).json()[
                "data"
            ]["items"]
            if flight["departed_at"] is None and flight["seats_left"] > 9
        ),
        key=lambda flight: flight["seats_left"],
    )
    order = {"flight_id": flight["id"], "passenger": "Crowd", "seats": 9}
    clients = [connect(authorization=f"Bearer {token}") for _ in range(4)]
    attempts = flight["seats_left"] // 9 + 4

    with ThreadPoolExecutor(len(clients)) as pool:
        statuses = list(
            pool.map(
                lambda n: clients[n % 4].post("/api/bookings", json=order).status_code,
                range(attempts),
            )
        )
    assert statuses.count(201) == flight["seats_left"] // 9
    assert statuses.count(409) == 4
    left = client.get(f"/api/flights/{flight['id']}").json()["data"]["seats_left"]
    assert left == flight["seats_left"] % 9


@pytest.mark.parametrize(
    "credentials",
    [
        {"username": "demo", "password": "wrong"},
        {"username": "nobody", "password": "fly-me-to-the-moon"},
        {"username": "demo ", "password": "fly-me-to-the-moon"},
        {"username": "DEMO\u0130", "password": "\U0001f512"},
    ],
)
def test_wrong_credentials_are_one_and_the_same_error(
    client: httpx.Client, credentials: dict[str, str]
) -> None:
    response = client.post("/api/auth/login", json=credentials)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    body = response.json()
    assert (body["ok"], body["error"], body["code"]) == (
        False,
        "Wrong username or password.",
        401,
    )
