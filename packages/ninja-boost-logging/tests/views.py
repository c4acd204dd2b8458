"""A project with plain views, a plain NinjaAPI and an AutoAPI, whose views write logs."""

import asyncio
import io
import logging
import threading
from contextvars import copy_context

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth.models import User
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path, re_path
from django.utils.decorators import sync_and_async_middleware
from ninja import NinjaAPI, Router

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_logging import bind_context

logger = logging.getLogger("app")


@sync_and_async_middleware
def trace_ids(get_response):
    """What a tracing middleware does."""
    if iscoroutinefunction(get_response):

        async def middleware(request):
            request.trace_id = request.headers.get("X-Test-Trace", "0" * 32)
            return await get_response(request)

    else:

        def middleware(request):
            request.trace_id = request.headers.get("X-Test-Trace", "0" * 32)
            return get_response(request)

    return middleware


@sync_and_async_middleware
def wordy(get_response):
    """A middleware that logs before authentication and after the response."""
    if iscoroutinefunction(get_response):

        async def middleware(request):
            logger.info("before")
            response = await get_response(request)
            logger.info("after")
            return response

    else:

        def middleware(request):
            logger.info("before")
            response = get_response(request)
            logger.info("after")
            return response

    return middleware


def sync_only(get_response):
    return lambda request: get_response(request)


def caller(request):
    number = request.headers.get("X-Test-User")
    return {"user_id": int(number)} if number else None


def late_caller(request):
    logger.info("asked")
    return {"sub": "ada"}


def token(request):
    return request.headers.get("X-Test-Token")


def account(request):
    return User(pk=17, username="ada")


def plain(request, number=None, name=None):
    logger.info("seen", extra={"order_id": 7})
    return HttpResponse("four")


async def native(request):
    logger.info("seen")
    return HttpResponse("four")


async def interleaved(request):
    number = request.GET["number"]
    bind_context(number=number)
    for turn in range(3):
        await asyncio.sleep(0)
        logger.info("turn %d", turn)

    async def child(name):
        bind_context(child=name)
        await asyncio.sleep(0)
        logger.info("child")

    await asyncio.gather(child("a"), child("b"))
    await sync_to_async(logger.info)("thread")
    logger.info("done")
    return HttpResponse(number)


def threads(request):
    thread = threading.Thread(target=copy_context().run, args=(logger.info, "copied"))
    thread.start()
    thread.join()
    thread = threading.Thread(target=logger.info, args=("bare",))
    thread.start()
    thread.join()
    return HttpResponse()


def broken(request):
    raise RuntimeError("password=hunter2")


def early(request):
    return JsonResponse({"detail": "no"}, status=403)


def stream(request):
    bind_context(job=3)

    def body():
        for number in range(3):
            logger.info("chunk %d", number)
            yield b"12345"

    return StreamingHttpResponse(body())


async def native_stream(request):
    bind_context(job=3)

    async def body():
        for number in range(3):
            await asyncio.sleep(0)
            logger.info("chunk %d", number)
            yield b"12345"

    return StreamingHttpResponse(body())


def broken_stream(request):
    def body():
        yield b"12345"
        raise RuntimeError("half way")

    return StreamingHttpResponse(body())


async def endless(request):
    async def body():
        while True:
            yield b"12345"
            await asyncio.sleep(0.01)

    return StreamingHttpResponse(body())


waiting = asyncio.Event()


async def hanging(request):
    waiting.set()
    await asyncio.Event().wait()


def file(request):
    return FileResponse(io.BytesIO(b"a file"))


def health(request):
    return HttpResponse(status=int(request.GET.get("status", 200)))


router = Router()


@router.get("/items/{item_id}")
def item(request, item_id: int):
    logger.info("item")
    return {"item": item_id}


@router.get("/native/{item_id}")
async def native_item(request, item_id: int):
    logger.info("item")
    return {"item": item_id}


@router.get("/token", auth=token)
def with_token(request):
    logger.info("item")
    return {}


@router.get("/account", auth=account)
def with_account(request):
    logger.info("item")
    return {}


@router.get("/late", auth=late_caller)
def with_late_caller(request):
    logger.info("item")
    return {}


@router.get("/broken", auth=None)
def broken_item(request):
    raise RuntimeError("broken on purpose")


plain_api = NinjaAPI(auth=caller, urls_namespace="logging-plain")
plain_api.add_router("", router)

auto = AutoRouter()


@auto.get("/items/{item_id}")
def auto_item(request, ctx, item_id: int):
    logger.info("item")
    return {"item": item_id}


@auto.get("/native/{item_id}")
async def auto_native(request, ctx, item_id: int):
    logger.info("item")
    return {"item": item_id}


@auto.get("/broken", auth=None)
def auto_broken(request, ctx):
    raise RuntimeError("broken on purpose")


auto_api = AutoAPI(auth=caller, urls_namespace="logging-auto")
auto_api.add_router("", auto)

urlpatterns = [
    path("plain", plain),
    path("numbered/<int:number>", plain),
    re_path(r"^old/(?P<number>[0-9]+)$", plain),
    path("native", native),
    path("interleaved", interleaved),
    path("threads", threads),
    path("broken", broken),
    path("early", early),
    path("stream", stream),
    path("native-stream", native_stream),
    path("broken-stream", broken_stream),
    path("endless", endless),
    path("hanging", hanging),
    path("file", file),
    path("api/health/live", health),
    path("users/<slug:name>/", plain),
    path("api/", plain_api.urls),
    path("auto/", auto_api.urls),
]
