"""The middleware in a plain Django project, through real clients."""

import asyncio
import gc
import io
import re

import pytest
from asgiref.sync import SyncToAsync, iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings

from ninja_boost_tracing import TracingMiddleware, current_trace, outbound_headers

pytestmark = pytest.mark.urls("tests.views")

OURS = "ninja_boost_tracing.TracingMiddleware"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
INBOUND = {
    "traceparent": TRACEPARENT,
    "tracestate": "vendor=opaque",
    "x-trace-id": "a" * 32,
    "x-request-id": "edge-17",
}
TRUSTING = {"TRUSTED_PROXIES": ["127.0.0.1/32"]}


@pytest.fixture(autouse=True)
def _middleware(settings):
    settings.MIDDLEWARE = [OURS]


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.fixture
def async_client():
    return AsyncClient(raise_request_exception=False)


def hop(response):
    """The parts of the traceparent header of a response."""
    match = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-(0[0-3])", response["traceparent"])
    assert match
    return match.groups()


def check(response):
    """What holds for every response; returns the trace id."""
    trace_id, span_id, _ = hop(response)
    assert response["X-Trace-Id"] == trace_id
    assert int(trace_id, 16)
    assert int(span_id, 16)
    assert response["X-Request-ID"]
    assert current_trace() is None
    return trace_id


@pytest.mark.parametrize("url", ["/plain", "/native"])
def test_every_request_has_a_trace_id(client, url):
    response = client.get(url)
    trace_id = check(response)
    assert response["X-Request-ID"] == trace_id
    seen = response.json()
    assert seen["trace_id"] == seen["current"] == trace_id
    assert seen["outbound"] == {"traceparent": response["traceparent"]}
    assert check(client.get(url)) != trace_id


@pytest.mark.parametrize("url", ["/plain", "/native"])
async def test_every_async_request_has_a_trace_id(async_client, url):
    response = await async_client.get(url)
    trace_id = check(response)
    seen = response.json()
    assert seen["trace_id"] == seen["current"] == trace_id
    assert seen["outbound"] == {"traceparent": response["traceparent"]}


def test_nobody_is_trusted_by_default(client):
    response = client.get("/plain", headers=INBOUND)
    assert check(response) not in (TRACE, "a" * 32)
    assert response["X-Request-ID"] == response["X-Trace-Id"]
    assert response.json()["parent_id"] is None
    assert "tracestate" not in response.json()["outbound"]


def test_a_trusted_peer_is_continued(client, settings):
    settings.NINJA_BOOST = TRUSTING
    response = client.get("/plain", headers=INBOUND)
    assert check(response) == TRACE
    assert response["X-Request-ID"] == "edge-17"
    _, span_id, flags = hop(response)
    assert span_id != PARENT
    assert flags == "01"
    seen = response.json()
    assert (seen["parent_id"], seen["span_id"]) == (PARENT, span_id)
    assert seen["outbound"] == {
        "traceparent": f"00-{TRACE}-{span_id}-01",
        "tracestate": "vendor=opaque",
    }


async def test_a_trusted_peer_is_continued_async(async_client, settings):
    settings.NINJA_BOOST = TRUSTING
    response = await async_client.get("/native", headers=INBOUND)
    assert check(response) == TRACE
    assert response.json()["outbound"]["tracestate"] == "vendor=opaque"


def test_another_peer_is_not_trusted(client, settings):
    settings.NINJA_BOOST = TRUSTING
    response = client.get("/plain", headers=INBOUND, REMOTE_ADDR="203.0.113.9")
    assert check(response) != TRACE
    assert response["X-Request-ID"] == response["X-Trace-Id"]


def test_an_x_forwarded_for_makes_nobody_trusted(client, settings):
    settings.NINJA_BOOST = TRUSTING
    headers = {**INBOUND, "x-forwarded-for": "127.0.0.1"}
    assert check(client.get("/plain", headers=headers, REMOTE_ADDR="203.0.113.9")) != TRACE


def test_a_trusted_request_id_of_the_right_form_is_the_trace_id(client, settings):
    settings.NINJA_BOOST = TRUSTING
    assert check(client.get("/plain", headers={"x-request-id": "c" * 32})) == "c" * 32


def test_hostile_headers_of_a_trusted_peer(client, settings):
    settings.NINJA_BOOST = TRUSTING
    response = client.get(
        "/plain",
        headers={"traceparent": f"{TRACEPARENT}\r\nX-Evil: 1", "x-request-id": "a\r\nX-Evil: 1"},
    )
    assert check(response) != TRACE
    assert response["X-Request-ID"] == response["X-Trace-Id"]
    assert "X-Evil" not in response.headers


def test_sampled_by_setting(client, settings):
    assert hop(client.get("/plain"))[2] == "02"
    settings.NINJA_BOOST = {"TRACING": {"SAMPLED": True}}
    assert hop(client.get("/plain"))[2] == "03"
    settings.NINJA_BOOST = {"TRACING": {"SAMPLED": True}, **TRUSTING}
    unsampled = client.get("/plain", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    assert hop(unsampled)[2] == "00", "the caller has decided"


@pytest.mark.parametrize(
    ("url", "status"), [("/broken", 500), ("/nothing", 404), ("/file", 200), ("/own-headers", 200)]
)
async def test_headers_are_on_every_response(client, async_client, url, status):
    async_response = await async_client.get(url)
    assert async_response.status_code == status
    check(async_response)
    await asyncio.to_thread(lambda: check(client.get(url)))
    async_response.close()


def test_early_responses_carry_the_headers(client, settings):
    settings.MIDDLEWARE = [OURS, "tests.middleware.early"]
    response = client.get("/plain")
    assert response.status_code == 418
    check(response)


def test_the_body_of_a_stream_sees_the_trace(client):
    response = client.get("/stream")
    trace_id = check(response)
    assert response.getvalue().decode() == f"{trace_id}-{trace_id}"
    assert current_trace() is None


async def test_the_body_of_an_async_stream_sees_the_trace(async_client):
    first, second = await asyncio.gather(
        async_client.get("/native-stream"), async_client.get("/native-stream")
    )
    assert check(first) != check(second)
    # Read in turns, by one task.
    bodies: list[str] = ["", ""]
    iterators = [aiter(first), aiter(second)]
    for _ in range(3):
        for index, iterator in enumerate(iterators):
            bodies[index] += (await anext(iterator)).decode()
            assert current_trace() is None
    for response, body, iterator in zip((first, second), bodies, iterators, strict=True):
        assert body == f"{response['X-Trace-Id']}-{response['X-Trace-Id']}"
        with pytest.raises(StopAsyncIteration):
            await anext(iterator)


async def test_an_abandoned_async_stream_is_closed():
    closed = asyncio.Event()

    async def body():
        try:
            while True:
                yield b"x"
        finally:
            closed.set()

    async def view(request):
        return StreamingHttpResponse(body())

    response = await TracingMiddleware(view)(RequestFactory().get("/"))
    chunks = response.streaming_content
    assert await anext(chunks) == b"x"
    await chunks.aclose()
    del response, chunks
    gc.collect()
    await asyncio.wait_for(closed.wait(), 10)


def test_a_sync_stream_is_closed_with_the_response():
    closed = []

    def body():
        try:
            while True:
                yield b"x"
        finally:
            closed.append(True)

    response = TracingMiddleware(lambda request: StreamingHttpResponse(body()))(
        RequestFactory().get("/")
    )
    assert next(iter(response)) == b"x"
    response.close()
    assert closed == [True]


def test_a_file_stays_one_that_the_server_can_send():
    file = io.BytesIO(b"content")
    response = TracingMiddleware(lambda request: FileResponse(file))(RequestFactory().get("/"))
    assert response.file_to_stream is file
    response.close()


async def test_interleaved_requests_do_not_see_each_other(async_client, settings):
    settings.NINJA_BOOST = TRUSTING

    async def ask(number):
        trace_id = f"{number:032x}"
        response = await async_client.get(
            "/slow",
            {"turns": 1 + number % 7},
            headers={"traceparent": f"00-{trace_id}-{PARENT}-01"},
        )
        seen = response.json()
        assert check(response) == trace_id
        assert seen["before"] == seen["after"]
        assert seen["after"]["current"] == trace_id
        assert seen["after"]["outbound"]["traceparent"] == response["traceparent"]

    await asyncio.gather(*(ask(number) for number in range(1, 60)))
    assert current_trace() is None


async def test_a_cancelled_request_leaves_nothing():
    started = asyncio.Event()

    async def view(request):
        started.set()
        await asyncio.Event().wait()

    async def handle():
        try:
            await TracingMiddleware(view)(RequestFactory().get("/"))
        except asyncio.CancelledError:
            return current_trace()

    task = asyncio.create_task(handle())
    await started.wait()
    task.cancel()
    assert await task is None


def test_an_exception_leaves_nothing():
    def view(request):
        raise RuntimeError(current_trace().trace_id)

    request = RequestFactory().get("/")
    with pytest.raises(RuntimeError) as raised:
        TracingMiddleware(view)(request)
    assert str(raised.value) == request.trace_id
    assert current_trace() is None


def test_no_thread_under_asgi():
    async def view(request):
        return HttpResponse()

    assert iscoroutinefunction(TracingMiddleware(view))
    assert not iscoroutinefunction(TracingMiddleware(lambda request: HttpResponse()))


async def test_no_thread_is_entered(monkeypatch):
    entered = []
    original = SyncToAsync.__call__

    async def spy(self, *args, **kwargs):
        entered.append(self.func)
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", spy)

    async def threads_of(middleware):
        with override_settings(MIDDLEWARE=middleware):
            entered.clear()
            assert (await AsyncClient().get("/threads")).status_code == 200
            return len(entered)

    bare = await threads_of([])
    assert await threads_of([OURS]) == bare
    assert await threads_of(["tests.middleware.pass_through"]) > bare, "the spy sees threads"


async def test_beside_sync_only_middleware(async_client, settings):
    settings.MIDDLEWARE = [OURS, "tests.middleware.sync_only"]
    response = await async_client.get("/native")
    assert check(response) == response["X-Sync"] == response.json()["current"]


def test_twice_is_once(client, settings):
    settings.MIDDLEWARE = [OURS, "tests.middleware.sync_only", OURS]
    response = client.get("/plain")
    trace_id = check(response)
    assert response.json()["current"] == response["X-Sync"] == trace_id
    assert response.json()["span_id"] == hop(response)[1]


async def test_twice_is_once_async(async_client, settings):
    settings.MIDDLEWARE = [OURS, "tests.middleware.sync_only", OURS]
    response = await async_client.get("/native")
    assert response.json()["span_id"] == hop(response)[1]
    assert check(response) == response["X-Sync"]


def test_an_id_of_another_middleware_is_kept(client, settings):
    settings.MIDDLEWARE = ["tests.middleware.uuid_trace_id", OURS]
    assert check(client.get("/plain")) == f"{10:032x}"
    settings.MIDDLEWARE = ["tests.middleware.no_trace_id", OURS]
    response = client.get("/plain")
    assert check(response) == response.json()["trace_id"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"TRACING": {"SAMPELD": True}}, "SAMPELD"),
        ({"TRACING": {"SAMPLED": "perhaps"}}, "SAMPLED"),
        ({"TRACING": True}, "TRACING"),
        ({"TRUSTED_PROXIES": ["everybody"]}, "TRUSTED_PROXIES"),
    ],
)
def test_wrong_settings_stop_the_start(settings, wrong, named):
    settings.NINJA_BOOST = wrong
    with pytest.raises(ImproperlyConfigured, match=named):
        Client().get("/plain")


def test_outside_a_request():
    assert current_trace() is None
    assert outbound_headers() == {}
