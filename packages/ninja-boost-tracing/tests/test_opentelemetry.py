"""With OpenTelemetry in the process, its span is the trace."""

import asyncio
import subprocess
import sys

import pytest
from django.test import AsyncClient, Client, RequestFactory

from ninja_boost_tracing import TracingMiddleware, outbound_headers

trace = pytest.importorskip("opentelemetry.trace", reason="opentelemetry-api is not installed")

SPAN = trace.SpanContext(
    trace_id=0x4BF92F3577B34DA6A3CE929D0E0E4736,
    span_id=0x00F067AA0BA902B7,
    is_remote=False,
    trace_flags=trace.TraceFlags(1),
    trace_state=trace.TraceState([("vendor", "opaque")]),
)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

pytestmark = pytest.mark.urls("tests.views")


@pytest.fixture(autouse=True)
def _middleware(settings):
    settings.MIDDLEWARE = ["ninja_boost_tracing.TracingMiddleware"]
    settings.NINJA_BOOST = {"TRUSTED_PROXIES": ["127.0.0.1"]}


def active(context):
    return trace.use_span(trace.NonRecordingSpan(context))


def test_the_active_span_wins():
    headers = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-00", "x-request-id": "edge-1"}
    with active(SPAN):
        response = Client().get("/plain", headers=headers)
    assert response["traceparent"] == TRACEPARENT
    assert response["X-Trace-Id"] == TRACEPARENT[3:35]
    assert response["X-Request-ID"] == "edge-1"
    assert response.json()["outbound"] == {
        "traceparent": TRACEPARENT,
        "tracestate": "vendor=opaque",
    }


async def test_the_active_span_wins_async():
    with active(SPAN):
        response = await AsyncClient().get("/native")
    assert response["traceparent"] == TRACEPARENT
    assert response["X-Request-ID"] == TRACEPARENT[3:35]


def test_a_span_of_the_view_is_the_parent_of_its_calls():
    inner = trace.SpanContext(SPAN.trace_id, 0x1234, False, trace.TraceFlags(1))

    def view(request):
        from django.http import JsonResponse

        with active(inner):
            return JsonResponse(outbound_headers())

    with active(SPAN):
        response = TracingMiddleware(view)(RequestFactory().get("/"))
    assert b"4736-0000000000001234-01" in response.content
    assert response["traceparent"] == TRACEPARENT


def test_without_a_valid_span_we_trace():
    for context in (None, trace.INVALID_SPAN_CONTEXT):
        if context is None:
            response = Client().get("/plain")
        else:
            with active(context):
                response = Client().get("/plain")
        assert int(response["X-Trace-Id"], 16)


def test_the_library_is_never_imported_by_us():
    code = (
        "import sys\n"
        "from django.conf import settings\n"
        "settings.configure()\n"
        "import ninja_boost_tracing\n"
        "ninja_boost_tracing.outbound_headers()\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_interleaved_spans():
    async def ask(number):
        context = trace.SpanContext(number, number, False, trace.TraceFlags(0))
        with active(context):
            response = await AsyncClient().get("/slow", {"turns": number % 5})
        assert response["traceparent"] == f"00-{number:032x}-{number:016x}-00"
        assert response.json()["after"]["current"] == f"{number:032x}"

    await asyncio.gather(*(ask(number) for number in range(1, 20)))
