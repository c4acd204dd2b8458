"""FastAPI with response models, which pydantic writes as JSON; async functions, no thread."""

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import HTTPException
from pydantic import BaseModel, ConfigDict

from ..cases import TINY
from ..shapes import pydantic_shapes
from .sources import SOURCES, NotThere

shapes = pydantic_shapes(BaseModel, from_attributes=True)
Booking0, Booking1, Booking2, Booking3 = shapes.depths
BookingIn, Tiny = shapes.booking_in, shapes.tiny
assert ConfigDict(from_attributes=True).items() <= Tiny.model_config.items()


def application(source: str) -> Any:
    read = SOURCES[source]()
    app = FastAPI()

    @app.get("/api/tiny", response_model=Tiny)
    async def tiny():
        return TINY

    @app.get("/api/bookings", response_model=list[Booking0])
    async def flat():
        return read.many(0)

    @app.get("/api/instances", response_model=list[Booking0])
    async def instances():
        return read.many(0)

    @app.get("/api/nested", response_model=list[Booking1])
    async def nested():
        return read.many(1)

    @app.get("/api/deep", response_model=list[Booking3])
    async def deep():
        return read.many(3)

    @app.post("/api/bookings", response_model=BookingIn)
    async def post(booking: BookingIn):
        return booking

    @app.get("/api/bookings/{number}", response_model=Booking0)
    async def detail(number: int):
        try:
            return read.one(number)
        except NotThere as error:
            raise HTTPException(404) from error

    return app
