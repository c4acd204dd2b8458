"""Ours: the kernel alone with the views of plain Ninja, and everything on."""

from typing import Any

from django.shortcuts import aget_object_or_404, get_object_or_404
from django.urls import path

from ninja_boost_core import AutoAPI, AutoRouter

from ..cases import TINY
from ..reading import all_bookings
from ..store.models import Booking
from . import plain
from .plain import Booking0, Booking1, Booking3, BookingIn, Tiny


def off_urlpatterns(is_async: bool) -> list[Any]:
    router = AutoRouter()
    (plain.register_async if is_async else plain.register)(router)
    return mounted(router)


def on_urlpatterns(is_async: bool) -> list[Any]:
    from ninja_boost import IsStaff

    router = AutoRouter(permissions=IsStaff)
    (register_async if is_async else register)(router)
    return mounted(router)


def mounted(router: AutoRouter) -> list[Any]:
    api = AutoAPI()
    api.add_router("", router)
    return [path("api/", api.urls)]


def register(router: AutoRouter) -> None:
    @router.get("/tiny", response=Tiny)
    def tiny(request, ctx):
        return dict(TINY)

    @router.get("/bookings", response=list[Booking0])
    def flat(request, ctx):
        return all_bookings()

    @router.get("/nested", response=list[Booking1])
    def nested(request, ctx):
        return all_bookings(1)

    @router.get("/deep", response=list[Booking3])
    def deep(request, ctx):
        return all_bookings(3)

    @router.post("/bookings", response=BookingIn)
    def post(request, ctx, booking: BookingIn):
        return booking

    @router.get("/bookings/{int:number}", response=Booking0)
    def detail(request, ctx, number: int):
        return get_object_or_404(Booking, id=number)


def register_async(router: AutoRouter) -> None:
    @router.get("/tiny", response=Tiny)
    async def tiny(request, ctx):
        return dict(TINY)

    @router.get("/bookings", response=list[Booking0])
    async def flat(request, ctx):
        return all_bookings()

    @router.get("/nested", response=list[Booking1])
    async def nested(request, ctx):
        return all_bookings(1)

    @router.get("/deep", response=list[Booking3])
    async def deep(request, ctx):
        return all_bookings(3)

    @router.post("/bookings", response=BookingIn)
    async def post(request, ctx, booking: BookingIn):
        return booking

    @router.get("/bookings/{int:number}", response=Booking0)
    async def detail(request, ctx, number: int):
        return await aget_object_or_404(Booking, id=number)
