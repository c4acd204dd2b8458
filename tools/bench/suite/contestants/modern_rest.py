"""django-modern-rest with msgspec, in its production mode: its own paths, no response checks."""

from typing import Any

import msgspec
from django.shortcuts import aget_object_or_404, get_object_or_404
from django.urls import include
from dmr import Body, Controller, Path, modify
from dmr.plugins.msgspec import MsgspecSerializer
from dmr.routing import Router, path

from ..cases import TINY
from ..reading import bookings
from ..shapes import msgspec_shapes
from ..store.models import Booking

shapes = msgspec_shapes()
Booking0, Booking1, Booking2, Booking3 = shapes.depths
BookingIn, Tiny = shapes.booking_in, shapes.tiny
Api = Controller[MsgspecSerializer]


class Number(msgspec.Struct):
    number: int


def structs(found: Any, model: Any) -> Any:
    """Return structs made of model instances; msgspec checks the types."""
    return msgspec.convert(found, model, from_attributes=True)


class TinyView(Api):
    def get(self) -> Tiny:
        return Tiny(**TINY)


class FlatView(Api):
    def get(self) -> list[Booking0]:
        return structs(list(bookings()), list[Booking0])

    @modify(status_code=200)
    def post(self, parsed_body: Body[BookingIn]) -> BookingIn:
        return parsed_body


class InstancesView(Api):
    def get(self) -> list[Booking0]:
        return structs(list(bookings()), list[Booking0])


class NestedView(Api):
    def get(self) -> list[Booking1]:
        return structs(list(bookings(1)), list[Booking1])


class DeepView(Api):
    def get(self) -> list[Booking3]:
        return structs(list(bookings(3)), list[Booking3])


class DetailView(Api):
    def get(self, parsed_path: Path[Number]) -> Booking0:
        return structs(get_object_or_404(Booking, id=parsed_path.number), Booking0)


class AsyncTinyView(Api):
    async def get(self) -> Tiny:
        return Tiny(**TINY)


class AsyncFlatView(Api):
    async def get(self) -> list[Booking0]:
        return structs([each async for each in bookings()], list[Booking0])

    @modify(status_code=200)
    async def post(self, parsed_body: Body[BookingIn]) -> BookingIn:
        return parsed_body


class AsyncInstancesView(Api):
    async def get(self) -> list[Booking0]:
        return structs([each async for each in bookings()], list[Booking0])


class AsyncNestedView(Api):
    async def get(self) -> list[Booking1]:
        return structs([each async for each in bookings(1)], list[Booking1])


class AsyncDeepView(Api):
    async def get(self) -> list[Booking3]:
        return structs([each async for each in bookings(3)], list[Booking3])


class AsyncDetailView(Api):
    async def get(self, parsed_path: Path[Number]) -> Booking0:
        return structs(await aget_object_or_404(Booking, id=parsed_path.number), Booking0)


VIEWS = {
    "tiny": (TinyView, AsyncTinyView),
    "bookings": (FlatView, AsyncFlatView),
    "instances": (InstancesView, AsyncInstancesView),
    "nested": (NestedView, AsyncNestedView),
    "deep": (DeepView, AsyncDeepView),
    "bookings/<int:number>": (DetailView, AsyncDetailView),
}


def urlpatterns(is_async: bool) -> list[Any]:
    views = [path(route, pair[is_async].as_view()) for route, pair in VIEWS.items()]
    router = Router("api/", views)
    return [path(router.prefix, include(router.urls))]
