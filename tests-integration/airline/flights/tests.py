"""The project's own tests, in its process: what they need is in ninja-boost-testing."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import User

from flights.models import Airport, Booking, Country, Flight, Payment
from ninja_boost.queries import assert_no_n_plus_one
from ninja_boost.testing import (
    assert_problem,
    assert_queries_constant,
    assert_rate_limited,
    sign_stripe,
)
from ninja_boost_audit.models import AuditRecord

pytestmark = pytest.mark.django_db
JSON = "application/json"
DEPARTURE = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _settings(settings):
    # Tests run without DEBUG, where no key of Django's signs tokens; and passwords are hashed fast.
    settings.JWT_SECRET_KEY = "signs-tokens-in-tests-and-nowhere-else-0123456789"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def airport(icao, name, latitude=0.0, longitude=0.0):
    country, _ = Country.objects.get_or_create(code="CH", defaults={"name": "Switzerland"})
    return Airport.objects.create(
        icao=icao,
        iata=icao[1:],
        name=name,
        country=country,
        elevation_ft=1000,
        latitude=latitude,
        longitude=longitude,
        search=name.lower(),
    )


@pytest.fixture
def zurich():
    return airport("LSZH", "Zurich", 47.46, 8.55)


@pytest.fixture
def geneva():
    return airport("LSGG", "Geneva", 46.24, 6.11)


@pytest.fixture
def flights(zurich, geneva):
    def make(count=1, **fields):
        start = Flight.objects.count()
        return Flight.objects.bulk_create(
            Flight(
                number=f"NB{number}",
                origin=zurich,
                destination=geneva,
                departs_at=DEPARTURE + timedelta(hours=number),
                arrives_at=DEPARTURE + timedelta(hours=number + 1),
                **{"price": Decimal("99.50"), "seats": 100, "seats_left": 100, **fields},
            )
            for number in range(start, start + count)
        )

    return make


@pytest.fixture
def ada():
    return User.objects.create_user("ada", "ada@example.org", password="analytical engine")


@pytest.fixture
def passenger(boost_client, ada):
    """JWTAuth returns the claims of a token: so does what stands for it."""
    return boost_client.as_user({"user_id": ada.pk, "is_staff": False})


@pytest.fixture
def crew(boost_client):
    user = User.objects.create_user("grace", is_staff=True)
    return boost_client.as_user({"user_id": user.pk, "is_staff": True})


@pytest.fixture
def booking(ada, flights):
    (flight,) = flights()
    return Booking.objects.create(
        flight=flight, booked_by=ada, passenger="Ada", seats=2, price=Decimal("199.00")
    )


def deliver(client, event, secret=configured.STRIPE_WEBHOOK_SECRET):
    body = json.dumps(event)
    return client.post(
        "/api/webhooks/stripe", body, content_type=JSON, headers=sign_stripe(body, secret)
    )


def test_who_books_gets_a_mail(
    passenger, flights, override_service, django_capture_on_commit_callbacks
):
    class Outbox(list):
        def booked(self, booking):
            self.append(booking.reference)

    (flight,) = flights()
    outbox = override_service("notifications", Outbox())
    order = {"flight_id": flight.pk, "passenger": "Ada", "seats": 2}
    with django_capture_on_commit_callbacks(execute=True):
        response = passenger.post("/api/bookings", order, content_type=JSON)
    assert response.status_code == 201
    booked = response.json()["data"]
    assert outbox == [booked["reference"]]
    assert booked["flight"]["seats_left"] == 98
    assert passenger.get(response["Location"]).json()["data"] == booked


def test_nobody_books_without_a_login(boost_client, flights, capture_events):
    (flight,) = flights()
    failures = capture_events("on_auth_failure")
    order = {"flight_id": flight.pk, "passenger": "Nobody"}
    assert_problem(boost_client.post("/api/bookings", order, content_type=JSON), 401)
    assert failures.one("on_auth_failure")["request"].path == "/api/bookings"
    assert not Booking.objects.exists()


@pytest.mark.parametrize(
    ("order", "status", "text"),
    [
        ({"passenger": "Ada", "seats": 10}, 422, "Validation"),
        ({"passenger": "Ada", "flight_id": 10**6}, 404, "no such flight"),
        ({"passenger": "Ada"}, 409, "too few seats"),
    ],
)
def test_what_cannot_be_booked(passenger, flights, order, status, text):
    (flight,) = flights(seats_left=0)
    response = passenger.post("/api/bookings", {"flight_id": flight.pk, **order}, content_type=JSON)
    assert_problem(response, status, text=text)


def test_bookings_are_their_owners(passenger, crew, boost_client, booking):
    url = f"/api/bookings/{booking.pk}"
    stranger = boost_client.as_user({"user_id": booking.booked_by_id + 100, "is_staff": False})
    assert passenger.get(url).json()["data"]["reference"] == booking.reference
    assert crew.get(url).status_code == 200
    assert_problem(stranger.get(url), 404)


def test_lists_take_as_many_queries_for_many_rows(boost_client, passenger, ada, flights):
    assert_queries_constant(lambda: boost_client.get("/api/flights"), grow=flights)

    def book(count):
        for flight in flights(count):
            Booking.objects.create(
                flight=flight, booked_by=ada, passenger="Ada", seats=1, price=flight.price
            )

    assert_queries_constant(lambda: passenger.get("/api/bookings"), grow=book)


def test_connections_are_two_queries_for_one_airport_and_for_fifty(boost_client):
    def open_hubs(count):
        known = Airport.objects.count()
        for number in range(known, known + 2 * count, 2):
            country = Country.objects.create(code=f"{number // 2:02}", name=f"Country {number}")
            origin, destination = (
                airport(f"X{each:03}", f"Hub {each}") for each in (number, number + 1)
            )
            Airport.objects.filter(pk=destination.pk).update(country=country)
            times = {"departs_at": DEPARTURE, "arrives_at": DEPARTURE + timedelta(hours=1)}
            seats = {"price": 1, "seats": 1, "seats_left": 1}
            for flight in ("NB1", "NB2"):
                Flight.objects.create(
                    number=f"{flight}{number}",
                    origin=origin,
                    destination=destination,
                    **times,
                    **seats,
                )

    def ask():
        with assert_no_n_plus_one():
            return boost_client.get("/api/connections?size=100")

    # The airports; their departures with destinations and countries.
    assert assert_queries_constant(ask, grow=open_hubs, sizes=(1, 50)) == 2
    hubs = ask().json()["data"]["items"]
    assert len(hubs) == 50
    assert {len(hub["departures"]) for hub in hubs} == {2}
    countries = {hub["departures"][0]["destination"]["country"]["code"] for hub in hubs}
    assert len(countries) == 50


def test_a_payment_is_made_once_and_its_key_is_kept_for_a_day(passenger, booking, clock):
    def pay():
        return passenger.post(
            f"/api/bookings/{booking.pk}/payments", headers={"Idempotency-Key": "first"}
        )

    paid, again = pay(), pay()
    assert (paid.status_code, again.content) == (201, paid.content)
    assert again["X-Idempotency-Replay"] == "true"
    clock.advance(timedelta(hours=25))
    assert_problem(pay(), 409, text="paid")
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(("age", "status"), [(0, 200), (3600, 401)])
def test_the_provider_says_that_a_booking_is_paid(boost_client, booking, clock, age, status):
    payment = booking.payments.create(amount=booking.price)
    event = {"type": "payment_intent.succeeded", "data": {"object": {"id": payment.intent}}}
    body = json.dumps({"id": "evt_1", **event})
    headers = sign_stripe(body, configured.STRIPE_WEBHOOK_SECRET)
    clock.advance(age)
    response = boost_client.post("/api/webhooks/stripe", body, content_type=JSON, headers=headers)
    assert response.status_code == status
    booking.refresh_from_db()
    assert (booking.paid_at is not None) == (status == 200)


def test_a_forged_webhook_is_refused(boost_client):
    assert_problem(deliver(boost_client, {"id": "evt_2"}, secret="whsec_guessed"), 401)


def test_staff_refunds_and_that_is_on_record(passenger, crew, booking):
    url = f"/api/bookings/{booking.pk}/refund"
    assert_problem(crew.post(url), 409, text="not paid")
    Booking.objects.update(paid_at=DEPARTURE)
    assert_problem(passenger.post(url), 403)
    assert crew.post(url).json()["data"]["refunded_at"]
    records = AuditRecord.objects.filter(action="booking.refund").order_by("timestamp")
    assert [record.outcome for record in records] == ["failure", "denied", "success"]


def test_logins_are_limited(boost_client, ada, clock):
    def log_in(password):
        return boost_client.post(
            "/api/auth/login", {"username": "ada", "password": password}, content_type=JSON
        )

    for _ in range(10):
        assert_problem(log_in("guess"), 401)
    clock.advance(assert_rate_limited(log_in("analytical engine")))
    assert log_in("analytical engine").status_code == 200


def test_a_token_of_a_login_expires(boost_client, ada, clock):
    credentials = {"username": "ada", "password": "analytical engine"}
    pair = boost_client.post("/api/auth/login", credentials, content_type=JSON).json()["data"]
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    assert boost_client.get("/api/bookings", headers=headers).status_code == 200
    clock.advance(timedelta(minutes=configured.JWT_EXPIRY_MINS, seconds=61))
    assert_problem(boost_client.get("/api/bookings", headers=headers), 401)


def test_a_new_name_is_seen_at_once_in_the_cached_list(boost_client, crew, zurich):
    def names():
        response = boost_client.get("/api/airports")
        return [item["name"] for item in response.json()["data"]["items"]], response

    names()
    found, cached = names()
    assert (found, "hit" in cached["Cache-Status"]) == (["Zurich"], True)
    response = crew.patch("/api/airports/LSZH", {"name": "Kloten"}, content_type=JSON)
    assert response.status_code == 200
    assert names()[0] == ["Kloten"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_the_nearest_airports_come_from_an_async_view(async_boost_client):
    await Country.objects.acreate(code="CH", name="Switzerland")
    for icao, longitude in (("LSZH", 8.55), ("LSMD", 8.65), ("LSGG", 6.11)):
        await Airport.objects.acreate(
            icao=icao,
            country_id="CH",
            name=icao,
            elevation_ft=0,
            latitude=47.4,
            longitude=longitude,
        )
    query = {"latitude": 47.4, "longitude": 8.55, "radius_km": 50}
    response = await async_boost_client.get("/api/airports/nearest", query)
    assert [each["airport"]["icao"] for each in response.json()["data"]] == ["LSZH", "LSMD"]


def test_a_departure_has_the_shape_that_the_client_knows(boost_client, flights):
    flights(2)

    def first(version):
        url = f"/api/{version}/airports/LSZH/departures"
        return boost_client.get(url).json()["data"]["items"][0]

    assert first("v1")["to"] == "LSGG"
    assert first("v2")["destination"]["name"] == "Geneva"


def test_the_use_of_what_ends_is_told(boost_client, capture_events):
    uses = capture_events("on_deprecated_use")
    assert "Sunset" in boost_client.get("/api/status")
    assert uses.one("on_deprecated_use")["route"].endswith("/api/status")
    assert "Deprecation" in boost_client.get("/api/v1/airports/LSZH/departures")
    assert len(uses.of("on_deprecated_use")) == 2
