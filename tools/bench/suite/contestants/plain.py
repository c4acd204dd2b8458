"""Plain Django Ninja with nothing on: the baseline. AutoRouter takes the same views."""

# Ninja reads the annotations of the views when it is given them.
from typing import Any

from django.shortcuts import aget_object_or_404, get_object_or_404
from django.urls import path
from ninja import NinjaAPI, Router, Schema

from ..cases import TINY
from ..reading import bookings
from ..shapes import pydantic_shapes
from ..store.models import Booking

shapes = pydantic_shapes(Schema)
Booking0, Booking1, Booking2, Booking3 = shapes.depths
BookingIn, Tiny = shapes.booking_in, shapes.tiny


def register(router: Router) -> None:
    @router.get("/tiny", response=Tiny)
    def tiny(request):
        return dict(TINY)

    @router.get("/bookings", response=list[Booking0])
    def flat(request):
        return bookings()

    @router.get("/instances", response=list[Booking0])
    def instances(request):
        return list(bookings())

    @router.get("/nested", response=list[Booking1])
    def nested(request):
        return bookings(1)

    @router.get("/deep", response=list[Booking3])
    def deep(request):
        return bookings(3)

    @router.post("/bookings", response=BookingIn)
    def post(request, booking: BookingIn):
        return booking

    @router.get("/bookings/{int:number}", response=Booking0)
    def detail(request, number: int):
        return get_object_or_404(Booking, id=number)


def register_async(router: Router) -> None:
    """The same with async views; a queryset has to be read in the view."""

    @router.get("/tiny", response=Tiny)
    async def tiny(request):
        return dict(TINY)

    @router.get("/bookings", response=list[Booking0])
    async def flat(request):
        return [each async for each in bookings()]

    @router.get("/instances", response=list[Booking0])
    async def instances(request):
        return [each async for each in bookings()]

    @router.get("/nested", response=list[Booking1])
    async def nested(request):
        return [each async for each in bookings(1)]

    @router.get("/deep", response=list[Booking3])
    async def deep(request):
        return [each async for each in bookings(3)]

    @router.post("/bookings", response=BookingIn)
    async def post(request, booking: BookingIn):
        return booking

    @router.get("/bookings/{int:number}", response=Booking0)
    async def detail(request, number: int):
        return await aget_object_or_404(Booking, id=number)


def urlpatterns(is_async: bool) -> list[Any]:
    api, router = NinjaAPI(), Router()
    (register_async if is_async else register)(router)
    api.add_router("", router)
    return [path("api/", api.urls)]
