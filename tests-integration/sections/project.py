"""A project that uses everything as the public description has it, on WSGI and on ASGI.

The demo is written as we would write a project today; this one keeps to the letter of what people
already have: names, paths, argument order, decorators and settings.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        DEBUG=True,
        SECRET_KEY="for-tests-only-and-of-no-value-0123456789",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "ninja_boost"],
        MIDDLEWARE=["ninja_boost.middleware.TracingMiddleware"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": os.environ.get("SECTIONS_DATABASE", ":memory:"),
            }
        },
        USE_TZ=True,
        LOGGING_CONFIG=None,
    )
    django.setup()

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, User
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.shortcuts import get_object_or_404
from django.urls import path
from ninja import Router, Schema
from ninja.errors import HttpError
from ninja.security import APIKeyHeader

from ninja_boost import AutoAPI, AutoRouter, cursor_paginate
from ninja_boost.async_support import async_inject_context, async_paginate
from ninja_boost.dependencies import _client_ip, inject_context
from ninja_boost.events import AFTER_RESPONSE, event_bus
from ninja_boost.exceptions import register_exception_handlers
from ninja_boost.pagination import auto_paginate

assert async_inject_context is inject_context
assert async_paginate is auto_paginate


class ItemOut(Schema):
    id: int
    name: str


class ItemIn(Schema):
    name: str


class UserOut(Schema):
    id: int
    username: str
    date_joined: datetime


class ApiKey(APIKeyHeader):
    param_name = "X-API-Key"

    def authenticate(self, request, key):
        return {"user_id": 9, "is_staff": True} if key == "shelf" else None


items = AutoRouter(tags=["Items"])


@items.get("/", response=list[ItemOut])
def list_items(request, ctx):
    return Group.objects.order_by("id")


@items.post("/", response=ItemOut, paginate=False)
def create_item(request, ctx, payload: ItemIn):
    return Group.objects.create(name=payload.name)


@items.get("/async", response=list[ItemOut])
async def list_items_async(request, ctx):
    return [item async for item in Group.objects.order_by("id").aiterator()]


@items.post("/process")
async def process(request, ctx, payload: ItemIn):
    count = await sync_to_async(Group.objects.filter(name=payload.name).count)()
    return {"name": payload.name, "known": count, "by": ctx["user"]["user_id"]}


@items.get("/feed", response=list[UserOut], paginate=False)
@cursor_paginate(field="date_joined", order="desc")
def feed(request, ctx):
    return User.objects.order_by("-date_joined")


@items.get("/feed-async", response=list[UserOut], paginate=False)
@cursor_paginate(field="date_joined", order="desc")
async def feed_async(request, ctx):
    return User.objects.order_by("-date_joined")


# Without response=, as the description has them: a model instance is sent as its key.
@items.get("/bare-feed", paginate=False)
@cursor_paginate(field="date_joined", order="desc")
def bare_feed(request, ctx):
    return User.objects.order_by("-date_joined")


@items.get("/bare-async")
async def bare_async(request, ctx):
    return [item async for item in Group.objects.order_by("id").aiterator()]


@items.get("/one/{item_id}", response=ItemOut)
def one_item(request, ctx, item_id: int):
    return get_object_or_404(Group, id=item_id)


misc = AutoRouter()


@misc.get("/me")
def me(request, ctx):
    return {
        "user": ctx["user"],
        "ip": ctx["ip"],
        "same_ip": _client_ip(request),
        "trace_id": ctx["trace_id"],
        "same_trace_id": request.trace_id,
        "services": sorted(ctx["services"]),
    }


@misc.get("/health", auth=None, inject=False, paginate=False)
def health(request):
    return {"status": "ok"}


@misc.get("/special", auth=ApiKey())
def special(request, ctx):
    return ctx["user"]


@misc.get("/teapot", auth=None)
def teapot(request, ctx):
    raise HttpError(418, "I am a teapot.")


@misc.get("/broken", auth=None)
def broken(request, ctx):
    raise ZeroDivisionError("a secret of the implementation")


@misc.get("/broken-async", auth=None)
async def broken_async(request, ctx):
    raise ZeroDivisionError("a secret of the implementation")


seen: list[list[object]] = []


@misc.get("/events", auth=None)
def events(request, ctx, trace_id: str):
    """What the handlers below saw of the request with this trace id."""
    return [event for _, *event in [e for e in seen if e[0] == trace_id]]


old = Router()


@old.get("/plain", auth=None)
def plain(request, word: str = "old"):
    return {"word": word}


@event_bus.on("before_request")
def log_request(request, ctx, **kw):
    seen.append([ctx["trace_id"], "before_request", request.path])


@event_bus.on(AFTER_RESPONSE)
async def record_timing(request, ctx, response, duration_ms, **kw):
    seen.append([ctx["trace_id"], "after_response", response.status_code, duration_ms >= 0])


@event_bus.on("on_error")
def alert(request, ctx, exc, **kw):
    seen.append([ctx["trace_id"], "on_error", type(exc).__name__])


@event_bus.on("before_request")
def a_handler_that_fails(request, ctx, **kw):
    raise RuntimeError("handlers never disturb the request")


api = AutoAPI(title="My API", version="1.0", urls_namespace="api")
register_exception_handlers(api)
api.add_router("/items", items)
api.add_router("", misc)
api.add_router("", old)
urlpatterns = [path("api/", api.urls)]

wsgi = get_wsgi_application()
asgi = get_asgi_application()


def prepare(database: Path) -> None:
    """Create the tables and rows that the tests ask for."""
    call_command("migrate", verbosity=0)
    Group.objects.bulk_create(Group(name=f"item {number}") for number in range(1, 43))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    User.objects.bulk_create(
        # Three of a kind: the order has ties.
        User(username=f"user{number}", date_joined=start + timedelta(days=number // 3))
        for number in range(50)
    )
    assert database.is_file()


if __name__ == "__main__":
    prepare(Path(os.environ["SECTIONS_DATABASE"]))
