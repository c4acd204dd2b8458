from django.core.mail import send_mail

from flights.models import Booking
from ninja_boost.services import BoostService


class Notifications(BoostService):
    """Mail to passengers; a test puts another in its place."""

    name = "notifications"

    def booked(self, booking: Booking) -> None:
        if booking.booked_by.email:
            text = f"{booking.seats} seats on {booking.flight}. Have a good flight!"
            send_mail(f"Booking {booking.reference}", text, None, [booking.booked_by.email])
