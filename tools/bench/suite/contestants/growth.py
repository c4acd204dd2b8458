"""The same operation with more of something: routes, rows, columns, nesting, hooks."""

import functools
from collections.abc import Callable
from typing import Any

from django.urls import path
from ninja import NinjaAPI, Router

from ninja_boost_core import AutoRouter, Call, Hook, attach

from ..cases import TINY
from ..growing import DEPTHS, HOOKS, ROWS, WIDTHS
from ..reading import assembled, bookings, values
from ..rows import COLUMNS, WIDE
from ..store.models import Wide
from . import ours, raw
from .plain import Tiny, shapes


class Nothing(Hook):
    """A hook of one point, which finds nothing to say."""

    def before_view(self, call: Call) -> None:
        return None


def wrapped(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a view as one does without hooks."""

    @functools.wraps(view)
    def wrapper(request, *args, **kwargs):
        return view(request, *args, **kwargs)

    return wrapper


def tiny(request):
    return dict(TINY)


def hooked(count: int, of: str) -> Callable[..., Any]:
    def view(request):
        return dict(TINY)

    for _ in range(count):
        view = attach(Nothing())(view) if of == "off" else wrapped(view)
    return view


def wide_columns(count: int) -> tuple[str, ...]:
    return tuple(f"c{number:02}" for number in range(1, count + 1))


def wide_rows() -> Any:
    return Wide.objects.order_by("id")[:WIDE]


def urlpatterns(is_async: bool, of: str, routes: int = 0) -> list[Any]:
    """Return ``routes`` routes to a tiny operation, or without a number all other growth."""
    if of == "raw_orjson":
        return many_raw(routes) if routes else raw_patterns()
    router = AutoRouter() if of == "off" else Router()
    if routes:
        for number in range(1, routes + 1):
            router.get(f"/route-{number}/items", response=Tiny)(tiny)
    else:
        register(router, of)
    if of == "off":
        return ours.mounted(router)
    api = NinjaAPI()
    api.add_router("", router)
    return [path("api/", api.urls)]


def register(router: Router, of: str) -> None:
    for count in HOOKS:
        router.get(f"/hooks/{count}", response=Tiny)(hooked(count, of))
    for count in ROWS:
        found = functools.partial(bookings, 0, count)
        router.get(f"/rows/{count}", response=list[shapes.depths[0]])(answering(found))
    for count in WIDTHS:
        router.get(f"/columns/{count}", response=list[shapes.wide(count)])(answering(wide_rows))
    for depth in DEPTHS:
        found = functools.partial(bookings, depth)
        router.get(f"/depth/{depth}", response=list[shapes.depths[depth]])(answering(found))


def answering(found: Callable[[], Any]) -> Callable[..., Any]:
    def view(request):
        return found()

    return view


def many_raw(routes: int) -> list[Any]:
    def view(request):
        return raw.by_orjson(tiny(request))

    return [path(f"api/route-{number}/items", view) for number in range(1, routes + 1)]


def raw_patterns() -> list[Any]:
    def by(data: Callable[[], Any]) -> Callable[..., Any]:
        return lambda request: raw.by_orjson(data())

    def columns(count: int) -> Any:
        return list(wide_rows().values(*wide_columns(count)))

    def hooks(count: int) -> Callable[..., Any]:
        view = hooked(count, "raw")
        return lambda request: raw.by_orjson(view(request))

    patterns = [path(f"api/hooks/{count}", hooks(count)) for count in HOOKS]
    patterns += [
        path(f"api/rows/{count}", by(lambda c=count: list(values(0, c)))) for count in ROWS
    ]
    patterns += [path(f"api/columns/{count}", by(lambda c=count: columns(c))) for count in WIDTHS]
    for depth in DEPTHS:
        found = (lambda: list(values())) if depth == 0 else deep(depth)
        patterns.append(path(f"api/depth/{depth}", by(found)))
    return patterns


def deep(depth: int) -> Callable[[], Any]:
    return lambda: assembled(values(depth), depth)


assert WIDTHS[-1] == COLUMNS
