from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from flights.models import Booking
from ninja_boost.policies import BasePolicy


class BookingPolicy(BasePolicy):
    """Passengers see and pay their own bookings; staff see all and refund them."""

    resource_name = "booking"
    hide = True  # that a booking exists is nobody else's business

    def view(self, request: HttpRequest, ctx: dict[str, Any], obj: Booking | None = None) -> bool:
        return obj is not None and (is_staff(ctx) or obj.booked_by_id == user_id(ctx))

    def scope(self, request: HttpRequest, ctx: dict[str, Any]) -> Q | bool:
        return True if is_staff(ctx) else Q(booked_by=user_id(ctx))

    def pay(self, request: HttpRequest, ctx: dict[str, Any], obj: Booking | None = None) -> bool:
        return obj is not None and obj.booked_by_id == user_id(ctx)

    def refund(self, request: HttpRequest, ctx: dict[str, Any], obj: Booking | None = None) -> bool:
        return obj is not None and is_staff(ctx)


def user_id(ctx: dict[str, Any]) -> int | None:
    found = ctx["user"].get("user_id")
    return found if type(found) is int else None


def is_staff(ctx: dict[str, Any]) -> bool:
    return ctx["user"].get("is_staff") is True
