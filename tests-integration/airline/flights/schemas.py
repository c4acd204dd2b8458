import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from django.db.models import Q
from ninja import FilterLookup, FilterSchema, ModelSchema, Schema
from pydantic import BeforeValidator, ConfigDict, Field

from flights.models import Airport, Booking, Country, Flight, Payment
from flights.text import fold


def json_integer(value: Any) -> Any:
    """JSON has one type of number: 8.0 is an integer there, while "8" and true are none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def full_date(value: Any) -> Any:
    """RFC 3339's full-date, and not the other spellings that pydantic takes, such as 0."""
    if isinstance(value, str) and not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("A date is written YYYY-MM-DD.")
    return value


NO_NUL = r"^[^\x00]*$"

# Databases refuse integers beyond 64 bits, and PostgreSQL refuses the NUL character: what no
# row can have is turned away here, as a 422.
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Day = Annotated[date, BeforeValidator(full_date)]
Icao = Annotated[str, Field(pattern="^[0-9A-Z_]{4}$")]
CountryCode = Annotated[str, Field(pattern="^[A-Z]{2}$")]
SearchText = Annotated[str, Field(min_length=1, max_length=60, pattern=NO_NUL)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
FlightId = Annotated[int, Field(strict=True, ge=1, le=2**63 - 1), BeforeValidator(json_integer)]
Seats = Annotated[int, Field(strict=True, ge=1, le=9), BeforeValidator(json_integer)]
# One line of print, neither empty nor padded.
Line = Annotated[str, Field(pattern=r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$")]


# Ninja takes what a form may leave empty, and the key that a database gives, for null: the fields
# that are written out below never are.


class CountryOut(ModelSchema):
    class Meta:
        model = Country
        fields = ["code", "name"]


class AirportBrief(ModelSchema):
    city: str

    class Meta:
        model = Airport
        fields = ["icao", "iata", "name"]


class AirportOut(ModelSchema):
    city: str
    subdivision: str
    country: CountryOut
    timezone: str

    class Meta:
        model = Airport
        fields = ["icao", "iata", "name", "elevation_ft", "latitude", "longitude"]


class AirportIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(min_length=1, max_length=100)]


class AirportNearby(Schema):
    airport: AirportBrief
    distance_km: float


class AirportFilters(FilterSchema):
    country: Annotated[CountryCode | None, FilterLookup("country_id")] = None
    min_elevation: Annotated[
        int | None, Field(ge=-2000, le=30000, description="feet"), FilterLookup("elevation_ft__gte")
    ] = None
    q: Annotated[
        SearchText | None, Field(description="words of the name, the city or the codes")
    ] = None

    def filter_q(self, text: str | None) -> Q:
        words = fold(text or "").split()
        return Q(*(Q(search__contains=word) for word in words))


class FlightOut(ModelSchema):
    id: int
    origin: AirportBrief
    destination: AirportBrief

    class Meta:
        model = Flight
        fields = [
            "number", "departs_at", "arrives_at", "departed_at", "gate", "price", "seats",
            "seats_left",
        ]  # fmt: skip


class FlightFilters(FilterSchema):
    origin: Annotated[Icao | None, FilterLookup("origin__icao")] = None
    destination: Annotated[Icao | None, FilterLookup("destination__icao")] = None
    departs_on: Annotated[Day | None, Field(description="a day in UTC")] = None
    min_seats: Annotated[int | None, Field(ge=1, le=1000), FilterLookup("seats_left__gte")] = None

    def filter_departs_on(self, day: date | None) -> Q:
        if day is None:
            return Q()
        return Q(
            departs_at__gte=datetime.combine(day, time.min, UTC),
            departs_at__lte=datetime.combine(day, time.max, UTC),
        )


class BookingIn(Schema):
    model_config = ConfigDict(extra="forbid")

    flight_id: FlightId
    passenger: Annotated[Line, Field(min_length=1, max_length=100)]
    seats: Seats = 1
    note: Annotated[str, Field(max_length=200, pattern=NO_NUL)] | None = None


class BookingOut(ModelSchema):
    id: int
    flight: FlightOut

    class Meta:
        model = Booking
        fields = [
            "reference", "passenger", "seats", "price", "note", "paid_at", "refunded_at",
            "created_at",
        ]  # fmt: skip


class PaymentOut(ModelSchema):
    class Meta:
        model = Payment
        fields = ["intent", "amount", "created_at", "succeeded_at"]


class HandledOut(Schema):
    handled: bool


class LoginIn(Schema):
    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(min_length=1, max_length=150, pattern=NO_NUL)]
    password: Annotated[str, Field(min_length=1, max_length=128, pattern=NO_NUL)]


class StatusOut(Schema):
    status: str
    airports: int
    flights: int
