"""Bookings over every store: in the tests' process, and in server processes of its own."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja import Schema
from ninja.security import HttpBearer

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_idempotency import CacheStore, DatabaseStore, RedisStore, idempotent
from ninja_boost_idempotency.stores.base import Store

from .models import Booking
from .services import REDIS_URL

GATE = "IDEMPOTENCY_TEST_GATE"
"""Environment variable with a directory: a held view leaves a mark there, and waits."""

LEASE = 2


class Bearer(HttpBearer):
    """The token is the user's name."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return {"user_id": token} if token != "nobody" else None


class Guest(Schema):
    guest: str
    hold: bool = False


def stores() -> dict[str, tuple[Store, str]]:
    """Every store that is there, with the database that bookings go to."""
    found: dict[str, tuple[Store, str]] = {
        "sqlite": (DatabaseStore(), "default"),
        "locmem": (CacheStore(), "default"),
    }
    for alias in ("postgresql", "mariadb"):
        if alias not in settings.MISSING:
            found[alias] = (DatabaseStore(alias), alias)
    if "redis" not in settings.MISSING:
        found["redis-cache"] = (CacheStore("redis"), "default")
        found["redis"] = (RedisStore(REDIS_URL, timeout=5), "default")
    return found


NAMES = ("sqlite", "postgresql", "mariadb", "redis", "redis-cache", "locmem")
STORES = stores()


def shut_gate(guest: str) -> Path:
    """Say that the view is running, and return what it waits for."""
    directory = Path(os.environ[GATE])
    (directory / f"entered-{guest}-{os.getpid()}").touch()
    return directory / f"open-{guest}"


def answer(booking: Booking, response: HttpResponse) -> dict[str, Any]:
    response["X-Booking"] = str(booking.pk)
    response.set_cookie("session", "secret")
    return {"id": booking.pk, "guest": booking.guest, "pid": os.getpid()}


def add_views(router: AutoRouter, name: str, store: Store, database: str, lease: int) -> None:
    @router.post(f"/{name}", response={201: dict})
    @idempotent(store=store, lease=lease)
    def book(request: HttpRequest, payload: Guest, response: HttpResponse):
        booking = Booking.objects.using(database).create(guest=payload.guest)
        if payload.hold:
            gate = shut_gate(payload.guest)
            for _ in range(3000):
                if gate.exists():
                    break
                time.sleep(0.01)
        return answer(booking, response)

    if store.transactional:
        return

    @router.post(f"/{name}/async", response={201: dict})
    @idempotent(store=store, lease=lease)
    async def book_async(request: HttpRequest, payload: Guest, response: HttpResponse):
        booking = await Booking.objects.using(database).acreate(guest=payload.guest)
        await asyncio.sleep(0)
        return answer(booking, response)


api = AutoAPI(auth=Bearer())
router = AutoRouter()
for name, (store, database) in STORES.items():
    add_views(router, name, store, database, LEASE)
    if isinstance(store, DatabaseStore):
        joined = DatabaseStore(database, transactional=True)
        add_views(router, f"{name}/joined", joined, database, LEASE)
api.add_router("", router)

urlpatterns = [path("api/", api.urls)]
