"""Observers: every request once, from its start to its last byte."""

from __future__ import annotations

import asyncio
import threading
from types import ModuleType

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path, re_path

from ninja_boost_core import AutoAPI
from ninja_boost_core.events import event_bus
from ninja_boost_core.observers import (
    ObserverMiddleware,
    ObserverOrder,
    RequestObserver,
    failures,
)
from ninja_boost_core.routes import route_template
from tests.support import serving

log: list[tuple] = []


class Recorder(RequestObserver):
    def __init__(self, name, order=ObserverOrder.CUSTOM):
        self.name, self.order = name, order

    def started(self, exchange):
        log.append((self.name, "started", threading.get_ident()))

    def responded(self, exchange):
        log.append((self.name, "responded", exchange.status))
        exchange.response[f"X-{self.name}"] = "1"

    def completed(self, exchange):
        assert exchange.duration > 0
        log.append((self.name, "completed", exchange.status, exchange.body_size, exchange.route))
        exchanges.append(exchange)

    def released(self, exchange):
        log.append((self.name, "released"))


exchanges: list = []
FIRST = Recorder("first", ObserverOrder.METRICS)
LAST = Recorder("last", ObserverOrder.ACCESS_LOG)


class Both(ObserverMiddleware):
    emits_events = True

    def observers(self):
        return [LAST, FIRST]


class First(ObserverMiddleware):
    def observers(self):
        return [FIRST]


class Broken(RequestObserver):
    order = 0

    def started(self, exchange):
        raise ValueError("broken")

    completed = released = responded = started


BROKEN = Broken()


class WithBroken(ObserverMiddleware):
    def observers(self):
        return [BROKEN, FIRST]


def name_of(middleware):
    return f"{__name__}.{middleware.__name__}"


@pytest.fixture(autouse=True)
def _empty():
    log.clear()
    exchanges.clear()
    yield
    failures.clear()


def plain(request):
    return HttpResponse(b"12345")


def broken(request, pk):
    raise ZeroDivisionError


def stream(request):
    return StreamingHttpResponse(iter([b"ab", b"cde"]))


def astream(request):
    async def chunks():
        yield b"ab"
        yield b"cde"

    return StreamingHttpResponse(chunks())


def broken_stream(request):
    def chunks():
        yield b"ab"
        raise ZeroDivisionError

    return StreamingHttpResponse(chunks())


def file(request):
    return FileResponse(open(__file__, "rb"))


VIEWS = [
    path("plain", plain),
    path("broken/<int:pk>", broken),
    path("stream", stream),
    path("astream", astream),
    path("broken-stream", broken_stream),
    path("file", file),
    re_path(r"^old/(?P<year>[0-9]{4})/(?:x/)?$", plain),
]


def served(*middlewares, api=None):
    apis = {} if api is None else {"api": api}
    return _Served(middlewares, apis)


class _Served:
    def __init__(self, middlewares, apis):
        self.settings = override_settings(MIDDLEWARE=[name_of(each) for each in middlewares])
        self.urls = serving(*VIEWS, **apis)

    def __enter__(self) -> ModuleType:
        self.settings.enable()
        return self.urls.__enter__()

    def __exit__(self, *details):
        self.urls.__exit__(*details)
        self.settings.disable()


async def answer(is_async, url, **kwargs):
    if is_async:
        response = await AsyncClient(raise_request_exception=False).get(url, **kwargs)
        if response.streaming:
            body = [chunk async for chunk in response]
            response.joined = b"".join(body)
        return response

    def sync():
        response = Client(raise_request_exception=False).get(url, **kwargs)
        if response.streaming:
            response.joined = b"".join(response)
        return response

    return await asyncio.to_thread(sync)


both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def points():
    return [(name, point) for name, point, *_ in log]


EVERYTHING = [
    ("first", "started"),
    ("last", "started"),
    ("first", "responded"),
    ("last", "responded"),
    ("first", "completed"),
    ("last", "completed"),
    ("last", "released"),
    ("first", "released"),
]


@both
async def test_points_come_in_order_around_events(is_async):
    heard = []

    def before(**kw):
        heard.append("before_request")
        log.append(("event", "before_request"))

    def after(response, duration_ms, ctx, **kw):
        assert duration_ms > 0
        assert ctx["ip"] == "127.0.0.1"
        log.append(("event", "after_response"))

    event_bus.on("before_request", before)
    event_bus.on("after_response", after)
    try:
        with served(Both):
            response = await answer(is_async, "/plain")
    finally:
        event_bus.off("before_request", before)
        event_bus.off("after_response", after)
    assert response["X-first"] == response["X-last"] == "1"
    expected = list(EVERYTHING)
    expected.insert(2, ("event", "before_request"))
    expected.insert(6, ("event", "after_response"))
    assert points() == expected
    assert [entry[2:] for entry in log if entry[1] == "completed"] == [(200, 5, "/plain")] * 2


@both
@pytest.mark.parametrize("middlewares", [(Both, First), (First, Both), (Both, Both)])
async def test_an_observer_follows_a_request_once(is_async, middlewares):
    with served(*middlewares):
        await answer(is_async, "/plain")
    assert sorted(points()) == sorted(EVERYTHING)


@both
async def test_what_an_observer_raises_is_isolated_and_counted(is_async, caplog):
    with served(WithBroken):
        response = await answer(is_async, "/plain")
    assert response.status_code == 200
    assert points() == [entry for entry in EVERYTHING if entry[0] == "first"]
    assert failures == {"Broken.started": 4}
    assert "Observer Broken.started failed." in caplog.text


@both
async def test_the_error_of_a_view_is_seen(is_async):
    heard = []

    def handler(exc, **kw):
        heard.append(exc)

    api = AutoAPI(auth=None)

    @api.get("/fails")
    def fails(request):
        raise LookupError

    @api.get("/refuses")
    def refuses(request):
        raise PermissionError

    @api.exception_handler(PermissionError)
    def handle(request, exc):
        return HttpResponse(status=403)

    event_bus.on("on_error", handler)
    try:
        with served(Both, First, api=api):
            assert (await answer(is_async, "/broken/3")).status_code == 500
            assert (await answer(is_async, "/api/fails")).status_code == 500
            assert (await answer(is_async, "/api/refuses")).status_code == 403
            assert (await answer(is_async, "/api/unknown")).json()["code"] == 404
    finally:
        event_bus.off("on_error", handler)
    assert [type(exc) for exc in heard] == [ZeroDivisionError, LookupError]
    seen = [(each.status, each.route, type(each.error)) for each in exchanges[::2]]
    assert seen == [
        (500, "/broken/{pk}", ZeroDivisionError),
        (500, "/api/fails", LookupError),
        (403, "/api/refuses", type(None)),
        (404, None, type(None)),
    ]


@pytest.mark.parametrize(("is_async", "url"), [(False, "/stream"), (True, "/astream")])
async def test_a_stream_is_complete_with_its_last_byte(is_async, url):
    with served(Both):
        response = await answer(is_async, url)
    assert response.joined == b"abcde"
    assert points() == EVERYTHING
    assert [(each.body_size, each.disconnected) for each in exchanges] == [(5, False)] * 2


async def test_a_stream_that_fails():
    with served(Both), pytest.raises(ZeroDivisionError):
        await answer(False, "/broken-stream")


@both
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
async def test_a_file_stays_a_file(is_async):
    with served(Both):
        response = await answer(is_async, "/file")
    assert isinstance(response, FileResponse)
    assert points() == EVERYTHING
    assert exchanges[0].body_size is None


async def test_async_requests_stay_in_their_thread():
    with served(Both):
        await answer(True, "/astream")
    assert {entry[2] for entry in log if entry[1] == "started"} == {threading.get_ident()}


def scope(path):
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [],
    }


@pytest.mark.parametrize("during", ["view", "stream"])
async def test_a_client_that_leaves(during):
    entered = asyncio.Event()

    async def waiting(request):
        entered.set()
        await asyncio.sleep(60)

    async def endless(request):
        async def chunks():
            yield b"ab"
            entered.set()
            await asyncio.sleep(60)

        return StreamingHttpResponse(chunks())

    view = waiting if during == "view" else endless
    with override_settings(MIDDLEWARE=[name_of(Both)]), serving(path("wait", view)):
        app = ApplicationCommunicator(get_asgi_application(), scope("/wait"))
        await app.send_input({"type": "http.request", "body": b""})
        await asyncio.wait_for(entered.wait(), 30)
        await app.send_input({"type": "http.disconnect"})
        await app.wait(30)
    assert [each.disconnected for each in exchanges] == [True, True]
    assert exchanges[0].status == (499 if during == "view" else 200)
    expected = [entry for entry in EVERYTHING if during == "stream" or entry[1] != "responded"]
    assert points() == expected


def test_route_templates():
    seen = []

    def view(request, *args, **kwargs):
        seen.append(route_template(request))
        return HttpResponse()

    patterns = [
        path("a/<int:pk>/<slug:name>", view),
        re_path(r"^old/(?P<year>[0-9]{4})/(?:x/)?$", view),
        re_path(r"^any/(.*)$", view),
    ]
    with serving(*patterns):
        for url in ("/a/1/b", "/old/2020/", "/any/thing"):
            Client().get(url)
    assert seen == ["/a/{pk}/{name}", "/old/{year}/", "/any/{var}"]
