"""With the OpenTelemetry SDK: one tree of spans, from the caller to the services called."""

import asyncio
import subprocess
import sys

import pytest
from django.test import AsyncClient, Client, RequestFactory

from ninja_boost_tracing import TracingMiddleware
from tests.second_server import second_server

trace = pytest.importorskip("opentelemetry.trace", reason="opentelemetry-api is not installed")
sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")
export = pytest.importorskip("opentelemetry.sdk.trace.export")
in_memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")

pytestmark = pytest.mark.urls("tests.views")

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
CALLER = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=opaque"}
OURS = "ninja_boost_tracing.TracingMiddleware"


class Spans:
    """The spans that have ended: all, or called, by name."""

    def __init__(self, exporter):
        self.all = exporter.get_finished_spans

    def __call__(self):
        return {span.name: span for span in self.all()}


@pytest.fixture
def spans(monkeypatch):
    exporter = in_memory.InMemorySpanExporter()
    provider = sdk.TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield Spans(exporter)
    provider.shutdown()


@pytest.fixture(autouse=True)
def _settings(settings):
    settings.MIDDLEWARE = [OURS]
    settings.NINJA_BOOST = {
        "TRUSTED_PROXIES": ["127.0.0.1"],
        "TRACING": {"OPENTELEMETRY": True},
    }


def ids(span):
    context = span.get_span_context()
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


def parent_id(span):
    return None if span.parent is None else f"{span.parent.span_id:016x}"


def check_joined(span, response, seen):
    assert ids(span) == (TRACE, response["traceparent"][36:52])
    assert parent_id(span) == PARENT
    assert span.parent.is_remote
    assert span.kind is trace.SpanKind.SERVER
    assert span.get_span_context().trace_state.to_header() == "vendor=opaque"
    assert response["X-Trace-Id"] == seen["trace_id"] == seen["current"] == TRACE
    assert seen["parent_id"] == PARENT
    assert seen["span_id"] == ids(span)[1]
    assert seen["outbound"] == {
        "traceparent": response["traceparent"],
        "tracestate": "vendor=opaque",
    }


def test_the_span_of_a_request_joins_the_callers(spans):
    response = Client().get("/plain", headers={**CALLER, "x-request-id": "edge-17"})
    (span,) = spans().values()
    check_joined(span, response, response.json())
    assert response["X-Request-ID"] == "edge-17"
    assert span.name == "GET /plain"
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/plain",
        "url.path": "/plain",
        "url.scheme": "http",
        "client.address": "127.0.0.1",
    }
    assert span.status.status_code is trace.StatusCode.UNSET
    assert not trace.get_current_span().get_span_context().is_valid


async def test_the_span_of_a_request_joins_the_callers_async(spans):
    response = await AsyncClient().get("/native", headers=CALLER)
    (span,) = spans().values()
    check_joined(span, response, response.json())
    assert not trace.get_current_span().get_span_context().is_valid


def test_an_untrusted_caller_is_not_joined(spans):
    response = Client().get("/plain", headers=CALLER, REMOTE_ADDR="203.0.113.9")
    (span,) = spans().values()
    assert span.parent is None
    assert ids(span)[0] == response["X-Trace-Id"] != TRACE
    assert response["X-Request-ID"] == response["X-Trace-Id"]


def test_a_running_span_wins_and_there_is_no_second(spans):
    with trace.get_tracer("elsewhere").start_as_current_span("outer") as outer:
        response = Client().get("/plain", headers=CALLER)
    assert list(spans()) == ["outer"]
    assert (response["X-Trace-Id"], response["traceparent"][36:52]) == ids(outer)


def test_the_tree_over_two_services(spans):
    with second_server() as url:
        response = Client().get("/traced", {"url": f"{url}/traced"}, headers=CALLER)
    work = response.json()
    first, client, second = (work[name] for name in ("span", "client", "there"))
    by_id = {ids(span)[1]: span for span in spans.all()}
    chain = [by_id[second["span"]]]
    while (above := parent_id(chain[-1])) in by_id:
        chain.append(by_id[above])
    assert [span.name for span in chain] == [
        "work", "GET /traced", "call", "work", "GET /traced",
    ]  # fmt: skip
    assert [span.kind.name for span in chain] == [
        "INTERNAL", "SERVER", "CLIENT", "INTERNAL", "SERVER",
    ]  # fmt: skip
    assert parent_id(chain[-1]) == PARENT
    assert {ids(span)[0] for span in chain} == {TRACE}
    assert (ids(chain[2])[1], ids(chain[3])[1]) == (client, first)
    assert len(by_id) == len(chain) + 1, "and the client span of the second, that called nobody"


@pytest.mark.parametrize(
    ("url", "status", "error"),
    [("/broken", 500, "500"), ("/nothing", 404, None)],
)
def test_outcomes(spans, url, status, error):
    response = Client(raise_request_exception=False).get(url)
    (span,) = spans().values()
    assert response.status_code == span.attributes["http.response.status_code"] == status
    assert span.attributes.get("error.type") == error
    expected = trace.StatusCode.ERROR if error else trace.StatusCode.UNSET
    assert span.status.status_code is expected
    assert span.name == ("GET /broken" if error else "GET")


def test_an_unknown_method_is_no_name(spans):
    Client().generic("BREW", "/plain")
    (span,) = spans().values()
    assert span.name == "HTTP /plain"
    assert span.attributes["http.request.method"] == "_OTHER"


def test_an_exception_ends_the_span(spans):
    def view(request):
        raise RuntimeError("broken on purpose")

    with pytest.raises(RuntimeError):
        TracingMiddleware(view)(RequestFactory().get("/"))
    (span,) = spans().values()
    assert span.attributes["error.type"] == "RuntimeError"
    assert span.status.status_code is trace.StatusCode.ERROR


async def test_a_cancelled_request_ends_the_span(spans):
    started = asyncio.Event()

    async def view(request):
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(TracingMiddleware(view)(RequestFactory().get("/")))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (span,) = spans().values()
    assert span.attributes["error.type"] == "CancelledError"


def test_a_stream_ends_its_span_when_it_is_closed(spans):
    response = Client().get("/stream", headers=CALLER)
    assert spans() == {}
    assert response.getvalue().decode() == f"{TRACE}-{TRACE}"
    response.close()
    (span,) = spans().values()
    assert span.name == "GET /stream"
    assert not trace.get_current_span().get_span_context().is_valid


async def test_spans_in_an_async_stream_belong_to_the_request(spans):
    response = await AsyncClient().get("/traced-stream", headers=CALLER)
    assert b"".join([chunk async for chunk in response]) == b"ab"
    await asyncio.to_thread(response.close)
    found = spans()
    assert parent_id(found["chunk"]) == ids(found["GET /traced-stream"])[1]


def test_twice_is_once(spans, settings):
    settings.MIDDLEWARE = [OURS, OURS]
    Client().get("/plain")
    assert len(spans.all()) == 1


async def test_interleaved_requests(spans):
    async def ask(number):
        response = await AsyncClient().get(
            "/slow",
            {"turns": number % 7},
            headers={"traceparent": f"00-{number:032x}-{PARENT}-01"},
        )
        seen = response.json()
        assert seen["before"] == seen["after"]
        assert seen["after"]["current"] == response["X-Trace-Id"] == f"{number:032x}"

    await asyncio.gather(*(ask(number) for number in range(1, 60)))
    assert {ids(span)[0] for span in spans.all()} == {f"{n:032x}" for n in range(1, 60)}


def test_off_by_default(spans, settings):
    settings.NINJA_BOOST = {}
    assert Client().get("/plain").status_code == 200
    assert spans() == {}


def test_without_an_sdk_we_trace(monkeypatch):
    monkeypatch.setattr(trace, "get_tracer", trace.NoOpTracerProvider().get_tracer)
    response = Client().get("/plain", headers=CALLER)
    seen = response.json()
    assert seen["trace_id"] == TRACE
    assert seen["span_id"] not in (PARENT, "0" * 16)
    response = Client().get("/plain")
    assert int(response["X-Trace-Id"], 16)


def test_without_the_library_the_start_says_what_to_do():
    code = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "from django.conf import settings\n"
        "settings.configure(NINJA_BOOST={'TRACING': {'OPENTELEMETRY': True}})\n"
        "from ninja_boost_tracing import TracingMiddleware\n"
        "try:\n"
        "    TracingMiddleware(lambda request: None)\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'opentelemetry-sdk>=1.30'" in done.stdout
    assert "OPENTELEMETRY" in done.stdout
