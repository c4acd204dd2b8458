"""The views of the hand-wired API: those of plain Ninja, decorated and paginated."""

from typing import Any

from django.shortcuts import aget_object_or_404, get_object_or_404
from django.urls import path
from ninja import Router
from ninja.pagination import paginate

from ..cases import TINY
from ..reading import all_bookings
from ..store.models import Booking
from . import hand
from .hand import Pages, guarded
from .plain import Booking0, Booking1, Booking3, BookingIn, Tiny


def register(router: Router) -> None:
    @router.get("/tiny", response=Tiny)
    @guarded
    def tiny(request):
        return dict(TINY)

    @router.get("/bookings", response=list[Booking0])
    @paginate(Pages)
    @guarded
    def flat(request):
        return all_bookings()

    @router.get("/nested", response=list[Booking1])
    @paginate(Pages)
    @guarded
    def nested(request):
        return all_bookings(1)

    @router.get("/deep", response=list[Booking3])
    @paginate(Pages)
    @guarded
    def deep(request):
        return all_bookings(3)

    @router.post("/bookings", response=BookingIn)
    @guarded
    def post(request, booking: BookingIn):
        return booking

    @router.get("/bookings/{int:number}", response=Booking0)
    @guarded
    def detail(request, number: int):
        return get_object_or_404(Booking, id=number)


def register_async(router: Router) -> None:
    @router.get("/tiny", response=Tiny)
    @guarded
    async def tiny(request):
        return dict(TINY)

    @router.get("/bookings", response=list[Booking0])
    @paginate(Pages)
    @guarded
    async def flat(request):
        return all_bookings()

    @router.get("/nested", response=list[Booking1])
    @paginate(Pages)
    @guarded
    async def nested(request):
        return all_bookings(1)

    @router.get("/deep", response=list[Booking3])
    @paginate(Pages)
    @guarded
    async def deep(request):
        return all_bookings(3)

    @router.post("/bookings", response=BookingIn)
    @guarded
    async def post(request, booking: BookingIn):
        return booking

    @router.get("/bookings/{int:number}", response=Booking0)
    @guarded
    async def detail(request, number: int):
        return await aget_object_or_404(Booking, id=number)


def urlpatterns(is_async: bool) -> list[Any]:
    api, router = hand.api(is_async), Router()
    (register_async if is_async else register)(router)
    api.add_router("", router)
    return [path("api/", api.urls)]
