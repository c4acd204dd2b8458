"""Everything on, wired by hand on plain Django Ninja with the libraries that one takes for it.

PyJWT, ``limits`` in memory, prometheus-client, python-json-logger, and a page of glue: a bearer
class, two decorators, two middlewares, a renderer and a pagination. Each piece does what ours does
for the same request, and no more.
"""

# Ninja reads the annotations of the views when it is given them.
import functools
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
from asgiref.sync import iscoroutinefunction
from django.utils.decorators import sync_and_async_middleware
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from ninja import Field, NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.pagination import AsyncPaginationBase
from ninja.renderers import JSONRenderer
from ninja.security import HttpBearer
from prometheus_client import Counter, Histogram

from ..credentials import RATE, SECRET

access_log = logging.getLogger("access")
REQUESTS = Counter("requests", "Requests.", ["method", "route", "status"])
SECONDS = Histogram("request_seconds", "Duration of requests.", ["method", "route"])
LIMITER = FixedWindowRateLimiter(MemoryStorage())
PER_MINUTE = RateLimitItemPerMinute(RATE)
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class BearerToken(HttpBearer):
    def authenticate(self, request: Any, token: str) -> Any:
        try:
            return jwt.decode(token, SECRET, ["HS256"], options={"require": ["exp", "sub"]})
        except jwt.InvalidTokenError:
            return None


class AsyncBearerToken(BearerToken):
    """Ninja would run the sync method of an async operation in a thread."""

    async def authenticate(self, request: Any, token: str) -> Any:
        return super().authenticate(request, token)

    def __call__(self, request: Any) -> Any:
        found = super().__call__(request)
        return found if found is not None else nobody()


async def nobody() -> None:
    return None


def admit(request: Any) -> None:
    """Check the role, count the request, and leave the context on the request."""
    claims = request.auth
    if not claims.get("is_staff"):
        raise HttpError(403, "You may not do this.")
    address = request.META["REMOTE_ADDR"]
    route = request.resolver_match.route
    if not LIMITER.hit(PER_MINUTE, route, address):
        raise HttpError(429, "Too many requests.")
    request.limit = LIMITER.get_window_stats(PER_MINUTE, route, address)
    request.ctx = {"user": claims, "ip": address, "trace_id": request.trace_id}


def guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    if iscoroutinefunction(view):

        @functools.wraps(view)
        async def wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
            admit(request)
            return await view(request, *args, **kwargs)

    else:

        @functools.wraps(view)
        def wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
            admit(request)
            return view(request, *args, **kwargs)

    return wrapper


def begin(request: Any) -> float:
    request.trace_id = uuid.uuid4().hex
    return time.perf_counter()


def finish(request: Any, response: Any, started: float) -> None:
    """Set the headers, count and time the request, and write its line."""
    seconds = time.perf_counter() - started
    response["X-Trace-Id"] = request.trace_id
    if (limit := getattr(request, "limit", None)) is not None:
        response["X-RateLimit-Limit"] = str(RATE)
        response["X-RateLimit-Remaining"] = str(limit.remaining)
        response["X-RateLimit-Reset"] = str(max(0, int(limit.reset_time - time.time())))
    match = request.resolver_match
    route = match.route if match else "unmatched"
    REQUESTS.labels(request.method, route, response.status_code).inc()
    SECONDS.labels(request.method, route).observe(seconds)
    access_log.info(
        "%s %s %s",
        request.method,
        request.path,
        response.status_code,
        extra={
            "trace_id": request.trace_id,
            "method": request.method,
            "path": request.path,
            "route": route,
            "status": response.status_code,
            "duration_ms": round(seconds * 1000, 3),
            "user_id": getattr(request, "auth", {}).get("user_id"),
            "ip": request.META.get("REMOTE_ADDR"),
        },
    )


@sync_and_async_middleware
def observed(get_response: Callable[..., Any]) -> Callable[..., Any]:
    if iscoroutinefunction(get_response):

        async def middleware(request: Any) -> Any:
            started = begin(request)
            response = await get_response(request)
            finish(request, response, started)
            return response

    else:

        def middleware(request: Any) -> Any:
            started = begin(request)
            response = get_response(request)
            finish(request, response, started)
            return response

    return middleware


@sync_and_async_middleware
def secured(get_response: Callable[..., Any]) -> Callable[..., Any]:
    def add(response: Any) -> Any:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    if iscoroutinefunction(get_response):

        async def middleware(request: Any) -> Any:
            return add(await get_response(request))

    else:

        def middleware(request: Any) -> Any:
            return add(get_response(request))

    return middleware


class EnvelopeRenderer(JSONRenderer):
    def render(self, request: Any, data: Any, *, response_status: int) -> Any:
        if response_status < 400:
            body = {"ok": True, "data": data}
        else:
            body = {"ok": False, "error": data["detail"], "code": response_status}
        return super().render(request, body, response_status=response_status)


class Pages(AsyncPaginationBase):
    class Input(Schema):
        page: int = Field(1, ge=1)
        size: int = Field(20, ge=1, le=100)

    class Output(Schema):
        items: list[Any]
        page: int
        size: int
        total: int
        pages: int

    def paginate_queryset(self, queryset: Any, pagination: Any, request: Any, **params: Any) -> Any:
        start = (pagination.page - 1) * pagination.size
        items = queryset[start : start + pagination.size]
        return self.output(items, pagination, queryset.count())

    async def apaginate_queryset(
        self, queryset: Any, pagination: Any, request: Any, **params: Any
    ) -> Any:
        start = (pagination.page - 1) * pagination.size
        items = [each async for each in queryset[start : start + pagination.size]]
        return self.output(items, pagination, await queryset.acount())

    @staticmethod
    def output(items: Any, pagination: Any, total: int) -> dict[str, Any]:
        size = pagination.size
        pages = max(1, -(-total // size))
        return {
            "items": items,
            "page": pagination.page,
            "size": size,
            "total": total,
            "pages": pages,
        }


def api(is_async: bool) -> NinjaAPI:
    auth = AsyncBearerToken() if is_async else BearerToken()
    return NinjaAPI(auth=auth, renderer=EnvelopeRenderer())
