"""Views of a plain Django project, which say what they see of the trace."""

import asyncio
import io
import json
import urllib.request

from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

from ninja_boost_tracing import current_trace, outbound_headers


def seen(request):
    trace = current_trace()
    return {
        "trace_id": request.trace_id,
        "current": trace and trace.trace_id,
        "span_id": trace and trace.span_id,
        "parent_id": trace and trace.parent_id,
        "outbound": outbound_headers(),
    }


def plain(request):
    return JsonResponse(seen(request))


async def native(request):
    return JsonResponse(seen(request))


async def slow(request):
    before = seen(request)
    for _ in range(int(request.GET["turns"])):
        await asyncio.sleep(0)
    return JsonResponse({"before": before, "after": seen(request)})


async def threads(request):
    return HttpResponse()


def broken(request):
    raise RuntimeError("broken on purpose")


def fetched(url):
    """What another service answers to a call with our headers."""
    call = urllib.request.Request(url, headers=outbound_headers())
    with urllib.request.urlopen(call, timeout=20) as response:
        return json.load(response)


def calling(request):
    return JsonResponse({"here": seen(request), "there": fetched(request.GET["url"])})


async def native_calling(request):
    there = await asyncio.to_thread(fetched, request.GET["url"])
    return JsonResponse({"here": seen(request), "there": there})


def traced(request):
    """Work in a span of its own, and a call in another."""
    from opentelemetry import trace

    tracer = trace.get_tracer("tests")

    def id_of(span):
        return f"{span.get_span_context().span_id:016x}"

    with (
        tracer.start_as_current_span("work") as work,
        tracer.start_as_current_span("call", kind=trace.SpanKind.CLIENT) as call,
    ):
        there = fetched(request.GET["url"]) if "url" in request.GET else None
        return JsonResponse({"span": id_of(work), "client": id_of(call), "there": there})


async def traced_stream(request):
    from opentelemetry import trace

    async def body():
        yield "a"
        with trace.get_tracer("tests").start_as_current_span("chunk"):
            await asyncio.sleep(0)
        yield "b"

    return StreamingHttpResponse(body())


def stream(request):
    def body():
        yield current_trace().trace_id
        yield "-"
        yield current_trace().trace_id

    return StreamingHttpResponse(body())


async def native_stream(request):
    async def body():
        yield current_trace().trace_id
        yield "-"
        await asyncio.sleep(0)
        yield current_trace().trace_id

    return StreamingHttpResponse(body())


def file(request):
    return FileResponse(io.BytesIO(b"a file"), filename="a.txt")


def own_headers(request):
    return HttpResponse(headers={"X-Trace-Id": "mine", "X-Request-ID": "mine"})


urlpatterns = [
    path("plain", plain),
    path("native", native),
    path("slow", slow),
    path("calling", calling),
    path("native-calling", native_calling),
    path("threads", threads),
    path("broken", broken),
    path("traced", traced),
    path("traced-stream", traced_stream),
    path("stream", stream),
    path("native-stream", native_stream),
    path("file", file),
    path("own-headers", own_headers),
]
