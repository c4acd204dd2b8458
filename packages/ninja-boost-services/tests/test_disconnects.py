"""Clients that leave, under ASGI."""

import asyncio

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.http import StreamingHttpResponse

from ninja_boost_core import Hook, attach
from ninja_boost_services import inject_service
from tests.support import KINDS, serving_view

SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/api/view",
    "query_string": b"",
    "headers": [(b"host", b"testserver")],
}
DISCONNECT = {"type": "http.disconnect"}


@pytest.fixture
def services(registry, log):
    registry.register_factory("db", log.generator("db"), scope="request")
    registry.register_factory("session", log.async_generator("session"), scope="request")
    return registry


async def connected():
    connection = ApplicationCommunicator(get_asgi_application(), dict(SCOPE))
    await connection.send_input({"type": "http.request", "body": b"", "more_body": False})
    return connection


async def until(log, entry):
    async with asyncio.timeout(30):
        while entry not in log:  # noqa: ASYNC110 - it is a plain list
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("kind", KINDS)
async def test_in_the_view(services, log, kind):
    @inject_service("db", "session")
    async def view(request, ctx):
        log.append("waits")
        await asyncio.sleep(60)

    with serving_view(view, kind):
        connection = await connected()
        await until(log, "waits")
        await connection.send_input(DISCONNECT)
        await connection.wait(30)
    assert log == [
        "+db",
        "+session",
        "waits",
        "session sees CancelledError",
        "-session",
        "db sees CancelledError",
        "-db",
    ]


def streaming(log, between):
    async def view(request, ctx):
        async def chunks():
            try:
                for number in range(1000):
                    yield f"{number}"
                    log.append("next")
                    await between()
            finally:
                log.append(f"stream ends with {await ctx['services'].aget('session')}")

        await ctx["services"].aget("db")
        await ctx["services"].aget("session")
        return StreamingHttpResponse(chunks())

    return view


ENDED = ["stream ends with session"]
TOLD = ["session sees RequestAborted", "-session", "db sees RequestAborted", "-db"]


@pytest.mark.parametrize("wired", [True, False])
async def test_while_the_stream_waits(services, log, wired):
    view = streaming(log, lambda: asyncio.sleep(60))
    view = inject_service("db")(view) if wired else attach(Hook())(view)
    with serving_view(view, "plain"):
        connection = await connected()
        await until(log, "next")
        await connection.send_input(DISCONNECT)
        await connection.wait(30)
    told = TOLD if wired else ["-session", "-db"]
    assert log == ["+db", "+session", "next", *ENDED, *told]


async def test_while_the_server_waits_for_the_client(services, log):
    """The stream stands at a yield, and nobody throws anything into it."""

    async def receive():
        if first:
            return first.pop()
        await stuck.wait()
        return DISCONNECT

    async def send(message):
        if message.get("body"):
            stuck.set()
            await asyncio.sleep(60)

    first = [{"type": "http.request", "body": b"", "more_body": False}]
    stuck = asyncio.Event()
    with serving_view(streaming(log, lambda: asyncio.sleep(0))):
        await get_asgi_application()(dict(SCOPE), receive, send)
    assert log == ["+db", "+session", *ENDED, *TOLD]
