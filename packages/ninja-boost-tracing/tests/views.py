"""Views of a plain Django project, which say what they see of the trace."""

import asyncio
import io

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
    path("threads", threads),
    path("broken", broken),
    path("stream", stream),
    path("native-stream", native_stream),
    path("file", file),
    path("own-headers", own_headers),
]
