"""Asking an application in this process, as a server would and with nothing else."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, NamedTuple

from measuring import wsgi_asker, wsgi_environ

from .cases import Request
from .credentials import ADDRESS


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def wsgi_caller(application: Any, request: Request) -> Callable[[], Answer]:
    """Return a function that sends the request and returns the answer."""
    environ = wsgi_environ(request.path, request.method, REMOTE_ADDR=ADDRESS, HTTP_HOST="localhost")
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    ask = wsgi_asker(application, environ, request.body)
    if request.unique is None:
        return lambda: _read(*ask())
    key, numbers = f"HTTP_{request.unique.upper().replace('-', '_')}", count()

    def ask_anew() -> Answer:
        fresh = {**environ, key: f"number-{next(numbers)}"}
        return _read(*wsgi_asker(application, fresh, request.body)())

    return ask_anew


def _read(status: str, headers: list[tuple[str, str]], body: bytes) -> Answer:
    return Answer(int(status[:3]), dict(headers), body)


def asgi_caller(application: Any, request: Request) -> Callable[[], Awaitable[Answer]]:
    """Return the same for ASGI; it has to be awaited in a running loop."""
    base, headers = asgi_scope(request)
    content = {"type": "http.request", "body": request.body, "more_body": False}

    async def ask() -> Answer:
        incoming = [content]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop()
            # The client stays until it has its answer.
            return await asyncio.get_running_loop().create_future()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await application({**base, "headers": list(headers), "state": {}}, receive, send)
        start = sent[0]
        return Answer(
            start["status"],
            {k.decode("latin-1"): v.decode("latin-1") for k, v in start["headers"]},
            b"".join(message.get("body", b"") for message in sent[1:]),
        )

    return ask


def handler_caller(handler: Any, request: Request) -> Callable[[], Awaitable[Answer]]:
    """Return the same for Django's handler without the server's side of it.

    An ASGIHandler sends Django's signals of a request's begin and end through a thread, and gives
    each request a thread of its own, which takes many times what a framework does. Without these
    the difference of two frameworks shows.
    """
    from django.core.handlers.asgi import ASGIRequest

    base, headers = asgi_scope(request)

    async def ask() -> Answer:
        scope = {**base, "headers": list(headers)}
        response = await handler.get_response_async(ASGIRequest(scope, io.BytesIO(request.body)))
        return Answer(response.status_code, dict(response.items()), response.content)

    return ask


def asgi_scope(request: Request) -> tuple[dict[str, Any], list[tuple[bytes, bytes]]]:
    """Return what a server gives an ASGI application, and the headers that belong to it."""
    path, _, query = request.path.partition("?")
    headers = [(b"host", b"localhost")]
    headers += [(k.lower().encode(), v.encode()) for k, v in request.headers.items()]
    if request.body:
        headers.append((b"content-length", str(len(request.body)).encode()))
    base = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "client": (ADDRESS, 40000),
        "server": ("localhost", 80),
    }
    return base, headers
