"""Litestar with msgspec structs; async functions, no thread."""

from typing import Any

import msgspec
from litestar import Litestar, get, post
from litestar.exceptions import NotFoundException

from ..cases import TINY
from ..shapes import msgspec_shapes
from .sources import SOURCES, NotThere

shapes = msgspec_shapes()
Booking0, Booking1, Booking2, Booking3 = shapes.depths
BookingIn, Tiny = shapes.booking_in, shapes.tiny


def structs(found: Any, model: Any) -> Any:
    """Return structs made of instances or dictionaries; msgspec checks the types."""
    return msgspec.convert(found, model, from_attributes=True)


def application(source: str) -> Any:
    read = SOURCES[source]()

    @get("/api/tiny")
    async def tiny() -> Tiny:
        return Tiny(**TINY)

    @get("/api/bookings")
    async def flat() -> list[Booking0]:
        return structs(read.many(0), list[Booking0])

    @get("/api/instances")
    async def instances() -> list[Booking0]:
        return structs(read.many(0), list[Booking0])

    @get("/api/nested")
    async def nested() -> list[Booking1]:
        return structs(read.many(1), list[Booking1])

    @get("/api/deep")
    async def deep() -> list[Booking3]:
        return structs(read.many(3), list[Booking3])

    @post("/api/bookings", status_code=200)
    async def post_booking(data: BookingIn) -> BookingIn:
        return data

    @get("/api/bookings/{number:int}")
    async def detail(number: int) -> Booking0:
        try:
            return structs(read.one(number), Booking0)
        except NotThere as error:
            raise NotFoundException from error

    handlers = [tiny, flat, instances, nested, deep, post_booking, detail]
    return Litestar(handlers, openapi_config=None, logging_config=None)
