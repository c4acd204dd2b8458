"""A plain NinjaAPI at /plain/ and an AutoAPI at /auto/ with the same operations."""

import asyncio
import os
import time

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from ninja import NinjaAPI, Router
from ninja.errors import HttpError

from ninja_boost_core import AutoAPI, AutoRouter, Hook, Order, attach
from ninja_boost_metrics import increment, metrics_view, track


class Refused(HttpError):
    """What the API handles, so that it is no error."""

    def __init__(self):
        super().__init__(409, "Refused.")


class FromCache(Hook):
    """Answers in the view's place, as a cache does, if the request says so."""

    order = Order.CACHE

    def before_view(self, call):
        return HttpResponse("cached") if "cached" in call.request.GET else None


calls = []
"""What the tests listen with: each is called within a view."""


def operations(router):
    @router.get("/items/{int:item_id}")
    def item(request, item_id: int):
        for call in calls:
            call()
        return {"id": item_id}

    @router.post("/items")
    async def create(request):
        await asyncio.sleep(0)
        increment("orders_created", labels={"tier": "premium"})
        return {"id": 1}

    @router.get("/fails")
    def fails(request):
        raise ValueError("a reason")

    @router.get("/afails")
    async def afails(request):
        raise LookupError("a reason")

    @router.get("/refuses")
    def refuses(request):
        raise Refused

    @router.get("/status/{code}")
    def status(request, code: int):
        return HttpResponse(status=code)

    @router.get("/tracked")
    @track("slow_query", labels={"kind": "sync"})
    def tracked(request):
        return {"ok": True}

    @router.get("/atracked")
    @track("slow_query", labels={"kind": "async"})
    async def atracked(request):
        await asyncio.sleep(0)
        return {"ok": True}

    @router.get("/tracked-failing")
    @track("failing_query")
    def tracked_failing(request):
        raise ValueError("a reason")

    @router.get("/tracked-cached")
    @track("cached_query")
    @attach(FromCache())
    def tracked_cached(request):
        return {"cached": False}

    @router.get("/tracked-validated")
    @track("validated_query")
    def tracked_validated(request, number: int):
        return {"number": number}


plain, auto = NinjaAPI(urls_namespace="plain"), AutoAPI(auth=None, urls_namespace="auto")
for api, router in ((plain, Router()), (auto, AutoRouter(auth=None))):
    operations(router)
    api.add_router("", router)


def stream(request):
    def chunks():
        yield b"one"
        for call in calls:
            call()
        yield b"two"

    return StreamingHttpResponse(chunks())


def broken_stream(request):
    def chunks():
        yield b"one"
        raise RuntimeError("half way")

    return StreamingHttpResponse(chunks())


async def hang(request):
    await asyncio.sleep(30)
    return HttpResponse()


def stuck(request):
    def chunks():
        yield f"{os.getpid():10}".encode()
        time.sleep(60)

    return StreamingHttpResponse(chunks())


urlpatterns = [
    path("plain/", plain.urls),
    path("auto/", auto.urls),
    path("stream", stream),
    path("broken-stream", broken_stream),
    path("hang", hang),
    path("stuck", stuck),
    path("metrics", metrics_view),
]
