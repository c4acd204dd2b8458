"""The documented order of every request, on WSGI and ASGI."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import weakref

import pytest
from asgiref.sync import SyncToAsync
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.core.checks import run_checks
from django.core.handlers.base import BaseHandler
from django.test import AsyncClient, Client, RequestFactory, override_settings

from ninja_boost_core.events import event_bus
from tests.recording import OBSERVERS, exchanges, listen, seen
from tests.urls import waiting

LIFECYCLE = "ninja_boost_lifecycle.middleware.LifecycleMiddleware"
METRICS = "tests.recording.MetricsAlone"
DEMO = {"Authorization": "Bearer demo"}


@pytest.fixture(autouse=True)
def _recording(monkeypatch):
    monkeypatch.setattr("ninja_boost_lifecycle.middleware.request_observers", lambda: OBSERVERS)
    stop = listen()
    seen.clear()
    exchanges.clear()
    with override_settings(MIDDLEWARE=[LIFECYCLE], NINJA_BOOST={"ALLOW_DEMO_AUTH": True}):
        yield
    stop()


def expected(status, *, error="", answered=True):
    return [
        "log context bound",
        "gauge up",
        "before_request",
        *([f"on_error {error}"] if error else []),
        *(["headers"] if answered else []),
        f"metrics {status}",
        *(["after_response"] if answered else []),
        "access line",
        "gauge down",
        "log context unbound",
    ]


def wsgi(url, **kwargs):
    response = Client(raise_request_exception=False).get(url, **kwargs)
    return response.status_code, b"".join(response) if response.streaming else response.content


def asgi(url, **kwargs):
    async def ask():
        response = await AsyncClient(raise_request_exception=False).get(url, **kwargs)
        if response.streaming:
            return response.status_code, b"".join([chunk async for chunk in response])
        return response.status_code, response.content

    return asyncio.run(ask())


WAYS = [
    ("success", "fine", DEMO, 200, ""),
    ("view error", "fails", DEMO, 500, "LookupError"),
    ("expected error", "refuses", DEMO, 409, ""),
    ("auth failure", "fine", {}, 401, ""),
    ("unknown path", "unknown", DEMO, 404, ""),
    ("early answer", "early", DEMO, 202, ""),
]


@pytest.mark.parametrize("server", [wsgi, asgi])
@pytest.mark.parametrize("prefix", ["/api/", "/aapi/"])
@pytest.mark.parametrize(
    ("path", "headers", "status", "error"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS]
)
def test_an_operation(server, prefix, path, headers, status, error):
    assert server(prefix + path, headers=headers)[0] == status
    assert seen == expected(status, error=error)


@pytest.mark.parametrize("server", [wsgi, asgi])
@pytest.mark.parametrize(
    ("url", "status", "error"),
    [
        ("/plain", 200, ""),
        ("/aplain", 200, ""),
        ("/broken", 500, "LookupError"),
        ("/unknown", 404, ""),
        ("/ninja/fine", 200, ""),
    ],
)
def test_a_view_that_is_no_operation_of_ours(server, url, status, error):
    assert server(url)[0] == status
    assert seen == expected(status, error=error)


@pytest.mark.parametrize(("server", "url"), [(wsgi, "/stream"), (asgi, "/astream")])
def test_a_stream(server, url):
    assert server(url) == (200, b"ab")
    assert seen == expected(200)
    assert (exchanges[0].body_size, exchanges[0].disconnected) == (2, False)


@pytest.mark.parametrize("server", [wsgi, asgi])
@pytest.mark.parametrize(
    "middlewares", [*itertools.permutations([LIFECYCLE, METRICS]), (LIFECYCLE, LIFECYCLE)]
)
def test_each_thing_once_with_any_combination(server, middlewares):
    with override_settings(MIDDLEWARE=list(middlewares)):
        server("/api/fails", headers=DEMO)
        server("/plain")
    once = expected(500, error="LookupError") + expected(200)
    assert sorted(seen) == sorted(once)


@pytest.mark.parametrize("url", ["/api/fine", "/api/fails", "/broken", "/plain", "/stream", "/no"])
def test_a_request_waits_for_no_garbage_collector(url):
    handler = BaseHandler()
    handler.load_middleware()
    logging.disable()  # A record of Django's holds the request, and pytest the record.
    gc.collect()
    gc.disable()
    try:
        request = RequestFactory().get(url)
        response = handler.get_response(request)
        b"".join(response)
        response.close()
        exchanges.clear()
        seen.clear()
        gone = weakref.ref(request)
        del request, response
        assert gone() is None
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)


def test_without_the_middleware_operations_emit_their_events():
    with override_settings(MIDDLEWARE=[]):
        wsgi("/api/fine", headers=DEMO)
        wsgi("/plain")
    assert seen == ["before_request", "after_response"]


@pytest.mark.parametrize(("url", "status"), [("/waits", 499), ("/drips", 200)])
async def test_a_client_that_leaves(url, status):
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": url,
        "query_string": b"",
        "headers": [],
    }
    app = ApplicationCommunicator(get_asgi_application(), scope)
    waiting.clear()
    await app.send_input({"type": "http.request", "body": b""})
    if status == 200:
        for _ in range(3):
            assert await app.receive_output(30)
    else:
        await asyncio.wait_for(waiting.wait(), 30)
    await app.send_input({"type": "http.disconnect"})
    await app.wait(30)
    assert seen == expected(status, answered=status == 200)
    assert exchanges[0].disconnected
    if status == 499:
        assert isinstance(exchanges[0].error, asyncio.CancelledError)


def test_asgi_stays_in_its_thread(monkeypatch):
    hops = []
    original = SyncToAsync.__call__

    async def count(self, *args, **kwargs):
        hops.append(self.func)
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", count)
    # Sync handlers of events run in a thread, because they may query.
    event_bus.clear()
    counts = {}
    for middlewares in ([], [LIFECYCLE], [LIFECYCLE, METRICS]):
        with override_settings(MIDDLEWARE=middlewares):
            hops.clear()
            assert asgi("/aplain")[0] == 200
            counts[len(middlewares)] = len(hops)
    assert counts[0] == counts[1] == counts[2]


def test_a_place_that_sees_too_little_is_a_warning():
    csrf = "django.middleware.csrf.CsrfViewMiddleware"
    with override_settings(MIDDLEWARE=[csrf, LIFECYCLE]):
        found = [message for message in run_checks() if message.id == "ninja_boost_lifecycle.W001"]
        assert len(found) == 1
        assert found[0].hint == f"Move {LIFECYCLE} above {csrf}."
    with override_settings(MIDDLEWARE=[LIFECYCLE, csrf]):
        ids = [message.id for message in run_checks()]
        assert "ninja_boost_lifecycle.W001" not in ids
