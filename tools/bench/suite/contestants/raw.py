"""Django views without any framework: json or orjson over dictionaries from the database.

Input is checked by hand, as far as a careful person does it.
"""

import json
from collections.abc import Callable
from typing import Any

import orjson
from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from ..cases import POSTED, TINY
from ..reading import assembled, values
from ..shapes import FLAT
from ..store.models import Booking

Answer = Callable[[Any], HttpResponse]
KINDS = {
    "reference": (str,),
    "passenger": (str,),
    "seat": (str,),
    "baggage_kg": (float, int),
    "paid": (bool,),
    "miles": (int, type(None)),
}
assert KINDS.keys() == POSTED.keys()


def by_json(data: Any) -> HttpResponse:
    return JsonResponse(data, safe=False)


def by_orjson(data: Any) -> HttpResponse:
    return HttpResponse(orjson.dumps(data, option=orjson.OPT_UTC_Z), "application/json")


def checked(data: Any) -> dict[str, Any]:
    found = {name: data[name] for name in KINDS}
    for name, kinds in KINDS.items():
        if not isinstance(found[name], kinds):
            raise TypeError(name)
    return found


def urlpatterns(is_async: bool, encoder: str) -> list[Any]:
    answer, load = (by_json, json.loads) if encoder == "json" else (by_orjson, orjson.loads)
    views = async_views(answer, load) if is_async else sync_views(answer, load)
    routes = ("tiny", "bookings", "instances", "nested", "deep", "bookings/<int:number>")
    return [path(f"api/{route}", view) for route, view in zip(routes, views, strict=True)]


def sync_views(answer: Answer, load: Callable[[bytes], Any]) -> list[Callable[..., Any]]:
    @require_GET
    def tiny(request):
        return answer(dict(TINY))

    @csrf_exempt
    def flat(request):
        return post(request) if request.method == "POST" else instances(request)

    @require_GET
    def instances(request):
        return answer(list(values()))

    @require_GET
    def nested(request):
        return answer(assembled(values(1), 1))

    @require_GET
    def deep(request):
        return answer(assembled(values(3), 3))

    @require_POST
    def post(request):
        return posted(request, answer, load)

    @require_GET
    def detail(request, number):
        found = Booking.objects.filter(id=number).values(*FLAT).first()
        if found is None:
            raise Http404
        return answer(found)

    return [tiny, flat, instances, nested, deep, detail]


def async_views(answer: Answer, load: Callable[[bytes], Any]) -> list[Callable[..., Any]]:
    @require_GET
    async def tiny(request):
        return answer(dict(TINY))

    @csrf_exempt
    async def flat(request):
        if request.method == "POST":
            return posted(request, answer, load)
        return answer([each async for each in values()])

    @require_GET
    async def instances(request):
        return answer([each async for each in values()])

    @require_GET
    async def nested(request):
        return answer(assembled([each async for each in values(1)], 1))

    @require_GET
    async def deep(request):
        return answer(assembled([each async for each in values(3)], 3))

    @require_GET
    async def detail(request, number):
        found = await Booking.objects.filter(id=number).values(*FLAT).afirst()
        if found is None:
            raise Http404
        return answer(found)

    return [tiny, flat, instances, nested, deep, detail]


def posted(request: Any, answer: Answer, load: Callable[[bytes], Any]) -> HttpResponse:
    try:
        return answer(checked(load(request.body)))
    except (KeyError, TypeError, ValueError):
        return HttpResponseBadRequest()
