"""What a client is promised, whatever the store, from sync and async views."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import AsyncClient, Client

from .models import Booking
from .support import ALICE, BOB, keyed, new_key, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["sync", "async"])
def url(request, store_name):
    return f"/api/{store_name}" + ("" if request.param == "sync" else "/async")


@pytest.fixture
def guest():
    return new_key()


@pytest.fixture
def executions(database, guest):
    return lambda: Booking.objects.using(database).filter(guest=guest).count()


def test_a_retry_gets_the_same_bytes_and_runs_nothing(url, guest, executions):
    client, headers = Client(), keyed(new_key())
    first = post(client, url, {"guest": guest}, headers)
    assert first.status_code == 201
    assert "X-Idempotency-Replay" not in first
    for _ in range(3):
        again = post(client, url, {"guest": guest}, headers)
        assert again.status_code == first.status_code
        assert again.reason_phrase == first.reason_phrase
        assert again.content == first.content
        assert again["X-Idempotency-Replay"] == "true"
        expected = {**first.headers, "X-Idempotency-Replay": "true"}
        assert dict(again.headers) == expected
        assert again["X-Booking"] == first["X-Booking"]
    assert executions() == 1


def test_cookies_are_never_replayed(url, guest):
    client, headers = Client(), keyed(new_key())
    assert "session" in post(client, url, {"guest": guest}, headers).cookies
    again = post(client, url, {"guest": guest}, headers)
    assert not again.cookies
    assert "Set-Cookie" not in again


def test_the_same_key_with_another_payload_is_422(url, guest, executions):
    client, headers = Client(), keyed(new_key())
    post(client, url, {"guest": guest}, headers)
    other = post(client, url, {"guest": f"{guest} "}, headers)
    assert other.status_code == 422
    assert other.json()["ok"] is False
    assert executions() == 1


def test_the_same_key_with_another_query_is_422(url, guest):
    client, headers = Client(), keyed(new_key())
    post(client, url, {"guest": guest}, headers)
    assert post(client, f"{url}?page=2", {"guest": guest}, headers).status_code == 422


def test_users_do_not_share_keys(url, guest, executions):
    client, key = Client(), new_key()
    first = post(client, url, {"guest": guest}, keyed(key, ALICE))
    other = post(client, url, {"guest": guest}, keyed(key, BOB))
    assert other.status_code == 201
    assert "X-Idempotency-Replay" not in other
    assert other.content != first.content
    assert executions() == 2


def test_nobody_reads_a_result_without_authentication(url, guest):
    client, key = Client(), new_key()
    post(client, url, {"guest": guest}, keyed(key, ALICE))
    for headers in ({"X-Idempotency-Key": key}, keyed(key, {"Authorization": "Bearer nobody"})):
        refused = post(client, url, {"guest": guest}, headers)
        assert refused.status_code == 401
        assert "X-Idempotency-Replay" not in refused


def test_without_a_key_each_request_runs(url, guest, executions):
    for _ in range(2):
        assert post(Client(), url, {"guest": guest}, ALICE).status_code == 201
    assert executions() == 2


def test_a_refused_request_takes_no_key(url, guest, executions):
    client, headers = Client(), keyed(new_key())
    assert post(client, url, {"gust": guest}, headers).status_code == 422
    assert post(client, url, {"guest": guest}, headers).status_code == 201
    assert executions() == 1


def test_the_standard_header_is_understood(url, guest, executions):
    client, key = Client(), new_key()
    post(client, url, {"guest": guest}, {**ALICE, "Idempotency-Key": f'"{key}"'})
    again = post(client, url, {"guest": guest}, keyed(key))
    assert again["X-Idempotency-Replay"] == "true"
    assert executions() == 1


def test_concurrent_requests_run_once(url, guest, executions):
    headers = keyed(new_key())

    def ask(_):
        try:
            return post(Client(), url, {"guest": guest}, headers)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(12)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert all("Retry-After" in answer for answer in answers if answer.status_code == 409)
    assert executions() == 1


async def test_asgi_replays_too(url, guest):
    client, headers = AsyncClient(), keyed(new_key())
    first = await post(client, url, {"guest": guest}, headers)
    again = await post(client, url, {"guest": guest}, headers)
    assert (first.status_code, first.content) == (201, again.content)
    assert again["X-Idempotency-Replay"] == "true"
