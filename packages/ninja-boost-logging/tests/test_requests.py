"""Every line of a request carries its fields: real clients, WSGI and ASGI."""

import asyncio
import logging
import threading

import pytest
from asgiref.sync import SyncToAsync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client, override_settings

from ninja_boost_logging import get_context
from ninja_boost_logging.context import EMPTY, state

logger = logging.getLogger("app")
FIELDS = {"trace_id", "method", "path", "route", "user_id", "ip"}
OPERATIONS = ["/api/items/3", "/api/native/3", "/auto/items/3", "/auto/native/3"]
USER = {"x-test-user": "42", "x-test-trace": "a" * 32}


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.fixture
def async_client():
    return AsyncClient(raise_request_exception=False)


def request_fields(line):
    return {name: line[name] for name in FIELDS}


def test_the_fields_of_a_request(client, lines):
    assert client.post("/plain?token=abc", headers=USER).status_code == 200
    line, access = lines.read()
    assert request_fields(line) == {
        "trace_id": "a" * 32,
        "method": "POST",
        "path": "/plain",
        "route": "/plain",
        "user_id": None,
        "ip": "127.0.0.1",
    }
    assert list(line)[:4] == ["timestamp", "level", "logger", "message"]
    assert (line["level"], line["logger"], line["message"]) == ("INFO", "app", "seen")
    assert line["order_id"] == 7
    assert request_fields(access) == request_fields(line)
    assert state.get() == EMPTY


@pytest.mark.parametrize(
    "url", ["/api/items/3", "/api/native/3", "/auto/items/3", "/auto/native/3"]
)
def test_caller_and_route_are_known_late(client, lines, settings, url):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.views.wordy"]
    assert client.get(url, headers=USER).status_code == 200
    before, item, after, access = lines.read()
    assert (before["user_id"], before["route"]) == (None, None)
    for line in (item, after, access):
        assert line["user_id"] == 42
        assert line["route"] == url.replace("3", "{item_id}")
        assert line["path"] == url
        assert line["trace_id"] == "a" * 32
    assert access["status"] == 200


@pytest.mark.parametrize(
    "url", ["/api/items/3", "/api/native/3", "/auto/items/3", "/auto/native/3"]
)
async def test_caller_and_route_are_known_late_async(async_client, lines, settings, url):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.views.wordy"]
    response = await async_client.get(url, headers=USER)
    assert response.status_code == 200
    before, item, after, access = lines.read()
    assert (before["user_id"], before["route"]) == (None, None)
    for line in (item, after, access):
        assert (line["user_id"], line["route"]) == (42, url.replace("3", "{item_id}"))
    assert state.get() == EMPTY


def test_a_line_before_the_caller_is_known_does_not_settle_it(client, lines):
    client.get("/api/late")
    assert [line["user_id"] for line in lines.read()] == [None, "ada", "ada"]


def test_a_middleware_may_set_the_trace_id_late(client, lines, settings):
    settings.MIDDLEWARE = settings.MIDDLEWARE[::-1]
    client.get("/plain", headers=USER)
    assert [line["trace_id"] for line in lines.read()] == ["a" * 32] * 2


def test_a_token_is_no_user(client, lines):
    assert client.get("/api/token", headers={"x-test-token": "s3cr3t-t0ken"}).status_code == 200
    text = lines.text()
    assert "s3cr3t" not in text
    assert text.count('"user_id":null') == 2


def test_a_django_user_is_his_primary_key(client, lines):
    client.get("/api/account")
    assert {line["user_id"] for line in lines.read()} == {17}


@pytest.mark.django_db
def test_a_session_user_is_seen_once_he_was_loaded(
    client, lines, settings, django_assert_num_queries
):
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "tests.views.wordy",
        "tests.test_requests.loads_the_user",
    ]
    user = User.objects.create_user("ada")
    client.force_login(user)
    with django_assert_num_queries(0):
        client.get("/plain")
    assert {line["user_id"] for line in lines.read()} == {None}, "no line asks for him"

    client.get("/plain?load")
    before, seen, after, access = lines.read()
    assert before["user_id"] is None
    assert seen["user_id"] == after["user_id"] == access["user_id"] == user.pk


def loads_the_user(get_response):
    def middleware(request):
        if "load" in request.GET:
            assert request.user.is_authenticated
        return get_response(request)

    return middleware


def test_the_address_is_that_of_trusted_proxies_alone(client, lines, settings):
    headers = {"x-forwarded-for": "203.0.113.9"}
    client.get("/plain", headers=headers)
    assert lines.read()[0]["ip"] == "127.0.0.1"
    settings.NINJA_BOOST = {"TRUSTED_PROXIES": ["127.0.0.1"]}
    client.get("/plain", headers=headers)
    assert lines.read()[0]["ip"] == "203.0.113.9"


def test_a_hostile_path_is_one_line(client, lines, verbose):
    evil = '/a%0A{"level":"CRITICAL"}%E2%80%A8%1B[31m%7F'
    client.get(evil)
    line = lines.one()
    assert line["path"] == '/a\n{"level":"CRITICAL"}\u2028\x1b[31m\x7f'
    assert (line["level"], line["status"]) == ("INFO", 404)
    text = verbose.text()
    assert text.count("\n") == 1
    assert text[:-1].isprintable()


async def test_a_thousand_interleaved_requests(async_client, lines):
    number_of = {f"{number:032x}": str(number) for number in range(1000)}

    async def ask(trace_id, number):
        response = await async_client.get(
            "/interleaved", {"number": number}, headers={"x-test-trace": trace_id}
        )
        assert response.content.decode() == number

    await asyncio.gather(*(ask(*each) for each in number_of.items()))
    found = lines.read()
    assert len(found) == 1000 * 8
    by_trace = {}
    for line in found:
        assert line["number"] == number_of[line["trace_id"]]
        by_trace.setdefault(line["trace_id"], []).append(line)
    for of_one in by_trace.values():
        messages = sorted(line["message"] for line in of_one)
        access = "GET /interleaved 200"
        assert messages == [
            access,
            "child",
            "child",
            "done",
            "thread",
            "turn 0",
            "turn 1",
            "turn 2",
        ]
        children = [line.get("child") for line in of_one if line["message"] == "child"]
        assert sorted(children) == ["a", "b"]
        assert all("child" not in line for line in of_one if line["message"] != "child")
    assert state.get() == EMPTY


def test_requests_in_threads(lines):
    barrier = threading.Barrier(8)

    def ask(number):
        barrier.wait()
        for turn in range(10):
            trace_id = f"{number * 100 + turn:032x}"
            headers = {"x-test-trace": trace_id, "x-test-user": str(number)}
            Client().get(f"/api/items/{number}", headers=headers)
            assert state.get() == EMPTY

    workers = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = lines.read()
    assert len(found) == 160
    for line in found:
        number = int(line["trace_id"], 16) // 100
        assert (line["path"], line["user_id"]) == (f"/api/items/{number}", number)


def test_threads_of_a_view(client, lines):
    client.get("/threads")
    copied, bare, access = lines.read()
    assert (copied["message"], copied["path"]) == ("copied", "/threads")
    assert bare["message"] == "bare"
    assert not FIELDS & bare.keys()
    assert access["path"] == "/threads"


async def test_below_a_sync_middleware(async_client, lines, settings):
    settings.MIDDLEWARE = ["tests.views.sync_only", *settings.MIDDLEWARE, "tests.views.sync_only"]
    await async_client.get("/native", headers=USER)
    line, access = lines.read()
    assert request_fields(line) == request_fields(access)
    assert state.get() == EMPTY


async def test_no_thread_is_entered(lines, monkeypatch):
    entered = []
    original = SyncToAsync.__call__

    async def spy(self, *args, **kwargs):
        entered.append(self.func)
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", spy)

    async def threads_of(middleware):
        with override_settings(MIDDLEWARE=middleware):
            entered.clear()
            assert (await AsyncClient().get("/native")).status_code == 200
            return len(entered)

    bare = await threads_of([])
    assert await threads_of(["ninja_boost_logging.LoggingMiddleware"]) == bare
    assert await threads_of(["tests.views.sync_only"]) > bare, "the spy sees threads"


def test_a_request_within_a_request(client, lines):
    with override_settings(MIDDLEWARE=[*override(), "tests.test_requests.nesting"]):
        client.get("/plain", headers=USER)
    paths = [line["path"] for line in lines.read()]
    assert paths == ["/numbered/5", "/numbered/5", "/plain", "/plain"]
    assert get_context() == {}


def override():
    return ["tests.views.trace_ids", "ninja_boost_logging.LoggingMiddleware"]


def nesting(get_response):
    def middleware(request):
        if request.path == "/plain":
            Client().get("/numbered/5")
        return get_response(request)

    return middleware


@pytest.mark.parametrize(("url", "route"), [("/old/3", "/old/{number}"), ("/nothing", None)])
def test_routes(client, lines, url, route):
    client.get(url)
    assert lines.read()[-1]["route"] == route
