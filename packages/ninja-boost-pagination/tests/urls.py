"""Every way in which pages come into an operation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.urls import path
from ninja import NinjaAPI, Router, Schema

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_pagination import (
    CursorPagination,
    OffsetPagination,
    Page,
    auto_paginate,
    cursor_paginate,
    paginate,
)

from .models import Country, Entry


class CountryOut(Schema):
    id: int
    name: str
    code: str


class Result(Schema):
    countries: list[CountryOut]


router = AutoRouter()


@router.get("/countries", response=list[CountryOut])
def countries(request, ctx, name: str | None = None):
    found = Country.objects.all()
    return found if name is None else found.filter(name=name)


@router.get("/async-countries", response=list[CountryOut])
async def async_countries(request, ctx):
    return Country.objects.all()


@router.get("/undeclared/{kind}")
def undeclared(request, kind: str):
    return KINDS[kind]()


@router.get("/async-undeclared/{kind}")
async def async_undeclared(request, kind: str):
    async def items() -> AsyncIterator[int]:
        for number in range(45):
            yield number

    return items() if kind == "async-iterator" else KINDS[kind]()


@router.get("/own", response=Result)
def one(request):
    return {"countries": Country.objects.all()}


@router.get("/own-page")
def own_page(request, page: int = 1):
    return list(range(page))


@router.get("/off", response=list[CountryOut], paginate=False)
def off(request):
    return Country.objects.all()


@router.post("/created", response=list[CountryOut])
def created(request):
    return Country.objects.all()


@router.post("/search", response=list[CountryOut], paginate=True)
def search(request):
    return Country.objects.all()


@router.get("/small", response=list[CountryOut], paginate=OffsetPagination(size=2, max_size=3))
def small(request):
    return Country.objects.all()


@router.get("/uncounted", response=list[CountryOut], paginate=OffsetPagination(count="none"))
def uncounted(request):
    return Country.objects.all()


@router.get(
    "/estimated", response=list[CountryOut], paginate=OffsetPagination(size=2, count="estimated")
)
def estimated(request):
    return Country.objects.all()


@router.get("/by-code", response=list[CountryOut], paginate=CursorPagination(field="code", size=2))
def by_code(request, name: str | None = None):
    found = Country.objects.all()
    return found if name is None else found.filter(name=name)


@router.get("/areas/{area}/by-code", response=list[CountryOut])
@cursor_paginate(field="code", size=2)
def by_code_in(request, area: int):
    return Country.objects.all()


@router.get("/busiest", response=list[CountryOut], paginate=False)
@cursor_paginate(fields=["-number", "name"], size=2)
async def busiest(request, ctx):
    return Country.objects.annotate(number=Count("entries"))


@router.get("/twice", response=list[CountryOut])
@paginate(size=2)
def twice(request, ctx):
    return Country.objects.all()


@router.get("/statuses/{status}", response={200: list[CountryOut], 404: list[str]})
def statuses(request, status: int):
    if status == 200:
        return 200, Country.objects.all()
    return status, ["nothing here"]


@router.get("/early", response=list[CountryOut])
def early(request):
    return HttpResponse("as it is", status=202)


@router.get("/page", response=Page[CountryOut], paginate=True)
def page(request):
    return Country.objects.all()


@router.get("/listed", response=list[CountryOut], paginate=CursorPagination())
def listed(request):
    return [1, 2]


plain = Router()


@plain.get("/offset", response=list[CountryOut])
@auto_paginate
def plain_offset(request):
    return Country.objects.all()


@plain.get("/cursor", response=list[CountryOut])
@cursor_paginate(field="name", order="desc", size=2)
def plain_cursor(request, ctx):
    assert ctx["user"] is None
    return Country.objects.all()


class Record(tuple[Any, ...]):
    _fields = ("a", "b")


def numbers() -> Iterator[int]:
    yield from range(45)


class Thing(Schema):
    a: int = 1


KINDS: dict[str, Any] = {
    "list": lambda: list(range(45)),
    "tuple": lambda: tuple(range(45)),
    "two": lambda: (7, 404),
    "pair": lambda: (200, list(range(45))),
    "set": lambda: set(range(45)),
    "mixed-set": lambda: {"a", 1},
    "range": lambda: range(45),
    "generator": numbers,
    "keys": lambda: dict.fromkeys(range(45)).keys(),
    "manager": lambda: Country.objects,
    "queryset": lambda: Country.objects.values("id", "code"),
    "values": lambda: Country.objects.order_by("code").values_list("code", flat=True),
    "raw": lambda: [c.code for c in Country.objects.raw("SELECT * FROM tests_country")],
    "sliced": lambda: Country.objects.order_by("code").values("code")[1:3],
    "empty": lambda: Entry.objects.none(),
    "dict": lambda: {"a": 1},
    "text": lambda: "abc",
    "record": lambda: Record((1, 2, 3)),
    "model": Thing,
    "nothing": lambda: None,
    "number": lambda: 5,
}

api = AutoAPI(urls_namespace="auto")
api.add_router("", router)
plain_api = NinjaAPI(urls_namespace="plain")
plain_api.add_router("/plain", plain)
plain_api.add_router("", AutoRouter())

urlpatterns = [path("api/", api.urls), path("other/", plain_api.urls)]
