from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.crypto import get_random_string

# No 0, O, 1 or I: references are read out on the telephone.
REFERENCE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_reference() -> str:
    return get_random_string(8, REFERENCE_ALPHABET)


class Country(models.Model):
    code = models.CharField(max_length=2, primary_key=True, help_text="ISO 3166-1 alpha-2, or XK")
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "countries"

    def __str__(self) -> str:
        return self.name


class Airport(models.Model):
    icao = models.CharField(max_length=4, unique=True, help_text="ICAO code, or the national one")
    iata = models.CharField(max_length=3, unique=True, null=True)
    name = models.CharField(max_length=100)
    city = models.CharField(max_length=80, blank=True)
    subdivision = models.CharField(max_length=60, blank=True)
    country = models.ForeignKey(
        Country, on_delete=models.PROTECT, related_name="airports", db_index=False
    )
    elevation_ft = models.IntegerField()
    latitude = models.FloatField()
    longitude = models.FloatField()
    timezone = models.CharField(max_length=40, blank=True)
    search = models.CharField(
        max_length=255,
        editable=False,
        help_text="codes, name and city, folded by flights.text.fold",
    )

    class Meta:
        ordering = ["icao"]
        indexes = [
            models.Index(fields=["country", "icao"], name="airport_country"),
            models.Index(fields=["-elevation_ft", "iata", "id"], name="airport_elevation"),
            models.Index(fields=["latitude", "longitude"], name="airport_position"),
        ]

    def __str__(self) -> str:
        return f"{self.icao} {self.name}"


class Flight(models.Model):
    number = models.CharField(max_length=8)
    origin = models.ForeignKey(Airport, on_delete=models.PROTECT, related_name="departures")
    destination = models.ForeignKey(Airport, on_delete=models.PROTECT, related_name="arrivals")
    departs_at = models.DateTimeField()
    arrives_at = models.DateTimeField()
    departed_at = models.DateTimeField(null=True, help_text="null while it is on the ground")
    gate = models.CharField(max_length=4, null=True, help_text="null until it is assigned")
    price = models.DecimalField(max_digits=8, decimal_places=2, help_text="EUR, one seat")
    seats = models.PositiveSmallIntegerField()
    seats_left = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["departs_at", "id"]
        indexes = [models.Index(fields=["departs_at", "id"], name="flight_departure")]
        constraints = [
            models.UniqueConstraint(fields=["number", "departs_at"], name="flight_unique"),
            models.CheckConstraint(
                condition=models.Q(seats_left__lte=models.F("seats")), name="flight_seats_left"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} on {self.departs_at:%Y-%m-%d}"


class Booking(models.Model):
    reference = models.CharField(max_length=8, unique=True, default=new_reference, editable=False)
    flight = models.ForeignKey(Flight, on_delete=models.PROTECT, related_name="bookings")
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="bookings",
        db_index=False,
    )
    passenger = models.CharField(max_length=100)
    seats = models.PositiveSmallIntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2, help_text="EUR, all seats")
    note = models.CharField(max_length=200, null=True)
    paid_at = models.DateTimeField(null=True, editable=False)
    refunded_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["booked_by", "-id"], name="booking_owner")]

    def __str__(self) -> str:
        return self.reference


def new_intent() -> str:
    """As a payment provider would name it; the demo asks none."""
    return f"pi_{get_random_string(24)}"


class Payment(models.Model):
    intent = models.CharField(max_length=64, unique=True, default=new_intent, editable=False)
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(max_digits=10, decimal_places=2, help_text="EUR")
    created_at = models.DateTimeField(auto_now_add=True)
    succeeded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.intent
