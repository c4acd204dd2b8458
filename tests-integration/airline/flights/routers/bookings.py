from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from ninja import Status
from ninja.errors import HttpError

from flights.accounts import account
from flights.models import Booking, Flight, Payment
from flights.schemas import BookingIn, BookingOut, Id, PaymentOut
from ninja_boost import AutoRouter, IsStaff, audit_log, idempotent, inject_service, require
from ninja_boost.audit import annotate
from ninja_boost.idempotency import DatabaseStore
from ninja_boost.policies import policy, policy_registry
from ninja_boost.responses import ErrorEnvelope

router = AutoRouter(tags=["Bookings"])


@router.get("", response=list[BookingOut])
def list_bookings(request: HttpRequest, ctx: dict[str, Any]) -> QuerySet[Booking]:
    """The caller's own ones, the latest first; staff see all."""
    account(ctx)
    return policy_registry.scope(request, ctx, "booking", bookings())


@router.post("", response={201: BookingOut, 404: ErrorEnvelope, 409: ErrorEnvelope})
@inject_service("notifications")
def create_booking(
    request: HttpRequest, ctx: dict[str, Any], payload: BookingIn, response: HttpResponse
) -> Status[Booking]:
    passenger = account(ctx)
    with transaction.atomic():
        booking = book(passenger, payload)
        # A mail that cannot be sent is logged, and loses nobody a seat.
        transaction.on_commit(partial(ctx["svc_notifications"].booked, booking), robust=True)
    response["Location"] = reverse("api-1.0:get_booking", args=[booking.pk])
    return Status(201, booking)


@router.get(
    "/{booking_id}",
    response={200: BookingOut, 404: ErrorEnvelope},
    url_name="get_booking",
)
@policy("booking", "view", get_obj=lambda booking_id, **kw: find(booking_id))
def get_booking(request: HttpRequest, ctx: dict[str, Any], booking_id: Id) -> Booking:
    account(ctx)
    booking: Booking = ctx["policy_objects"]["booking"]
    return booking


@router.post(
    "/{booking_id}/payments", response={201: PaymentOut, 404: ErrorEnvelope, 409: ErrorEnvelope}
)
@policy("booking", "pay", get_obj=lambda booking_id, **kw: find(booking_id))
@idempotent(ttl="24h", store=DatabaseStore(transactional=True))
def pay(request: HttpRequest, ctx: dict[str, Any], booking_id: Id) -> Status[Payment]:
    """Key, payment and answer are one transaction: a crash leaves all of them or none."""
    account(ctx)
    booking = Booking.objects.select_for_update().get(pk=booking_id)
    if booking.payments.exists():
        raise HttpError(409, "The booking is paid, or its payment is under way.")
    return Status(201, booking.payments.create(amount=booking.price))


@router.post(
    "/{booking_id}/refund", response={200: BookingOut, 404: ErrorEnvelope, 409: ErrorEnvelope}
)
@require(IsStaff)
@policy("booking", "refund", get_obj=lambda booking_id, **kw: find(booking_id))
@audit_log(
    action="booking.refund",
    resource="booking",
    resource_id=lambda booking_id, **kw: booking_id,
    transactional=True,
)
def refund(request: HttpRequest, ctx: dict[str, Any], booking_id: Id) -> Booking:
    """For staff; the record of it is committed together with the refund."""
    account(ctx)
    paid = Booking.objects.filter(pk=booking_id, refunded_at=None).exclude(paid_at=None)
    if not paid.update(refunded_at=timezone.now()):
        raise HttpError(409, "The booking is not paid, or it is refunded already.")
    annotate(request, amount=str(ctx["policy_objects"]["booking"].price))
    return find(booking_id)


def bookings() -> QuerySet[Booking]:
    return Booking.objects.select_related("flight__origin", "flight__destination")


def find(booking_id: int) -> Booking:
    return get_object_or_404(bookings(), pk=booking_id)


def book(user: User, order: BookingIn) -> Booking:
    # One conditional UPDATE: of two callers who want the last seat, one finds no row.
    taken = Flight.objects.filter(
        pk=order.flight_id, departed_at=None, seats_left__gte=order.seats
    ).update(seats_left=F("seats_left") - order.seats)
    flights = Flight.objects.select_related("origin", "destination")
    flight = flights.filter(pk=order.flight_id).first()
    if flight is None:
        raise HttpError(404, "There is no such flight.")
    if not taken:
        raise HttpError(409, "The flight has departed or has too few seats left.")
    return Booking.objects.create(
        flight=flight,
        booked_by=user,
        passenger=order.passenger,
        seats=order.seats,
        price=flight.price * order.seats,
        note=order.note,
    )
