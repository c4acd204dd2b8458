"""The shapes of the JSON, for pydantic and for msgspec."""

# Annotations are evaluated here: the classes refer to others of the same function.
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from . import rows

FLAT = ("id", "reference", "passenger", "seat", "baggage_kg", "paid", "miles", "booked_at")


def pydantic_shapes(base: type, **config: Any) -> SimpleNamespace:
    """Return the models, derived from Ninja's Schema or pydantic's BaseModel."""
    from pydantic import create_model

    class Tiny(base, **config):
        status: str
        version: int

    class BookingIn(base, **config):
        reference: str
        passenger: str
        seat: str
        baggage_kg: float
        paid: bool
        miles: int | None

    class Booking0(BookingIn):
        id: int
        booked_at: datetime

    class Flight1(base, **config):
        id: int
        number: str
        departs_at: datetime

    class Booking1(Booking0):
        flight: Flight1

    class Airport2(base, **config):
        id: int
        code: str
        city: str

    class Flight2(Flight1):
        origin: Airport2
        destination: Airport2

    class Booking2(Booking0):
        flight: Flight2

    class Country3(base, **config):
        id: int
        code: str
        name: str

    class Airport3(Airport2):
        country: Country3

    class Flight3(Flight1):
        origin: Airport3
        destination: Airport3

    class Booking3(Booking0):
        flight: Flight3

    def wide(columns: int) -> type:
        fields: Any = {name: (type(value), ...) for name, value in rows.wide(1).items()}
        chosen = dict(list(fields.items())[:columns])
        return create_model(f"Wide{columns}", __base__=base, __cls_kwargs__=config, **chosen)

    depths = (Booking0, Booking1, Booking2, Booking3)
    return SimpleNamespace(tiny=Tiny, booking_in=BookingIn, depths=depths, wide=wide)


def msgspec_shapes() -> SimpleNamespace:
    """Return the structs."""
    from msgspec import Struct

    class Tiny(Struct):
        status: str
        version: int

    class BookingIn(Struct):
        reference: str
        passenger: str
        seat: str
        baggage_kg: float
        paid: bool
        miles: int | None

    class Booking0(Struct):
        id: int
        reference: str
        passenger: str
        seat: str
        baggage_kg: float
        paid: bool
        miles: int | None
        booked_at: datetime

    class Flight1(Struct):
        id: int
        number: str
        departs_at: datetime

    class Booking1(Booking0):
        flight: Flight1

    class Airport2(Struct):
        id: int
        code: str
        city: str

    class Flight2(Flight1):
        origin: Airport2
        destination: Airport2

    class Booking2(Booking0):
        flight: Flight2

    class Country3(Struct):
        id: int
        code: str
        name: str

    class Airport3(Airport2):
        country: Country3

    class Flight3(Flight1):
        origin: Airport3
        destination: Airport3

    class Booking3(Booking0):
        flight: Flight3

    depths = (Booking0, Booking1, Booking2, Booking3)
    return SimpleNamespace(tiny=Tiny, booking_in=BookingIn, depths=depths)
