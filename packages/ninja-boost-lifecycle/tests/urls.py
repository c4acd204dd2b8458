"""Every way in which a request can end."""

from __future__ import annotations

import asyncio
import time

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from ninja import NinjaAPI

from ninja_boost_core import ApiError, AutoAPI, AutoRouter, Hook, attach
from ninja_boost_core.security import BearerTokenAuth

waiting = asyncio.Event()


class Early(Hook):
    def before_auth(self, call):
        return HttpResponse("early", status=202)


def routes(router, *, is_async):
    """The same operations, sync or async."""

    def register(path, view, **options):
        if is_async:

            async def aview(request, ctx):
                return view()

            aview.__name__ = view.__name__
            router.get(path, **options)(aview)
        else:

            def sync_view(request, ctx):
                return view()

            sync_view.__name__ = view.__name__
            router.get(path, **options)(sync_view)

    def fine():
        return {"fine": True}

    def fails():
        raise LookupError("nobody expected this")

    def refuses():
        raise ApiError(409, "Not now.")

    register("/fine", fine)
    register("/fails", fails)
    register("/refuses", refuses)

    if is_async:

        @router.get("/early")
        @attach(Early())
        async def early(request, ctx): ...
    else:

        @router.get("/early")
        @attach(Early())
        def early(request, ctx): ...


def plain(request):
    return HttpResponse("plain")


async def aplain(request):
    return HttpResponse("plain")


def broken(request):
    raise LookupError("nobody expected this")


def stream(request):
    return StreamingHttpResponse(iter([b"a", b"b"]))


def astream(request):
    async def chunks():
        yield b"a"
        yield b"b"

    return StreamingHttpResponse(chunks())


async def waits(request):
    """Never answers; the client leaves."""
    waiting.set()
    await asyncio.sleep(60)


async def drips(request):
    async def chunks():
        while True:
            yield b"drip"
            await asyncio.sleep(0.01)

    return StreamingHttpResponse(chunks())


def sync_drips(request):
    def chunks():
        while True:
            yield b"drip" * 1000
            time.sleep(0.005)

    return StreamingHttpResponse(chunks())


api = AutoAPI(auth=BearerTokenAuth(), urls_namespace="sync")
aapi = AutoAPI(auth=BearerTokenAuth(), urls_namespace="async")
for each, is_async in ((api, False), (aapi, True)):
    router = AutoRouter()
    routes(router, is_async=is_async)
    each.add_router("", router)

ninja = NinjaAPI(urls_namespace="ninja")


@ninja.get("/fine")
def fine_of_ninja(request):
    return {"fine": True}


urlpatterns = [
    path("api/", api.urls),
    path("aapi/", aapi.urls),
    path("ninja/", ninja.urls),
    path("plain", plain),
    path("aplain", aplain),
    path("broken", broken),
    path("stream", stream),
    path("astream", astream),
    path("waits", waits),
    path("drips", drips),
    path("sync-drips", sync_drips),
]
