"""Ours with one feature alone, used as it is meant to be, and all others disabled."""

from typing import Any

from ninja_boost_core import AutoRouter

from ..cases import TINY
from ..reading import all_bookings, bookings
from . import ours
from .plain import Booking0, BookingIn, Tiny
from .profiles import profile


def urlpatterns(is_async: bool, feature: str) -> list[Any]:
    used = profile(feature)
    options = dict(used.options)
    if "permissions" in options:
        from ninja_boost_permissions import IsStaff

        options["permissions"] = IsStaff
    router = AutoRouter(**options)
    decorate = used.decorate() if used.decorate else lambda view: view

    def tiny(request):
        return dict(TINY)

    def flat(request):
        return all_bookings() if feature == "pagination" else bookings()

    def post(request, booking: BookingIn):
        return booking

    if used.case == "tiny":
        router.get("/tiny", response=Tiny)(decorate(tiny))
    elif used.case == "list":
        router.get("/bookings", response=list[Booking0])(decorate(flat))
    else:
        router.post("/bookings", response=BookingIn)(decorate(post))
    return ours.mounted(router)
