"""What the kernel costs beside plain Ninja: the same views on both, in paired rounds.

Run it in an environment with the packages: python tools/bench/kernel.py [rounds]

A ratio above 1 is faster than plain Ninja. The requests go through Django's handler in this
process, without middleware, and the time is the process's own: nothing else is measured.
"""

import io
import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from django.conf import settings

settings.configure(
    DEBUG=False,
    SECRET_KEY="for-benchmarks-only-and-of-no-value-0123456789",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    NINJA_BOOST={"AUTH": None},
)

import django

django.setup()

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.urls import path
from measuring import in_turns, ratios, spread, timed
from ninja import NinjaAPI, Router, Schema

from ninja_boost import AutoAPI, AutoRouter

CALLS = 400


class Item(Schema):
    id: int
    name: str
    price: float
    tags: list[str]
    active: bool = True
    note: str | None = None


ITEM = {"id": 1, "name": "one", "price": 1.5, "tags": ["a", "b"]}
ITEMS = [ITEM | {"id": number} for number in range(100)]


def views(router: Router, options: dict[str, Any]) -> Router:
    @router.get("/tiny", **options)
    def tiny(request):
        return {"a": 1}

    @router.get("/one/{number}", response=Item, **options)
    def one(request, number: int):
        return ITEM

    @router.get("/list", response=list[Item], **options)
    def many(request):
        return ITEMS

    @router.post("/post", response=Item, **options)
    def post(request, item: Item):
        return item

    return router


def context_views(router: AutoRouter) -> AutoRouter:
    @router.get("/tiny", paginate=False)
    def tiny(request, ctx):
        return {"a": 1}

    return router


def urls_of(api: NinjaAPI, router: Router) -> ModuleType:
    """Return a URL configuration of its own, so that every route stands at the same place."""
    api.add_router("", router)
    urls = ModuleType(api.urls_namespace)
    urls.urlpatterns = [path("api/", api.urls)]
    return urls


plain = urls_of(NinjaAPI(urls_namespace="plain"), views(Router(), {}))
boost = urls_of(AutoAPI(urls_namespace="boost"), views(AutoRouter(), {"paginate": False}))
context = urls_of(AutoAPI(urls_namespace="context"), context_views(AutoRouter()))

factory = RequestFactory()
BODY = json.dumps(ITEM)
CASES = {
    "tiny": ("/api/tiny", boost, None),
    "tiny with ctx": ("/api/tiny", context, None),
    "one object": ("/api/one/3", boost, None),
    "list of 100": ("/api/list", boost, None),
    "POST, 6 fields": ("/api/post", boost, BODY),
}


def caller(url: str, urls: ModuleType, body: str | None) -> Callable[[], float]:
    handler = WSGIHandler()
    if body is None:
        environ = factory.get(url).environ
    else:
        environ = factory.post(url, body, content_type="application/json").environ
    # The test client's payload can be read once only.
    payload = environ["wsgi.input"] = io.BytesIO((body or "").encode())

    def ask() -> HttpResponseBase:
        payload.seek(0)
        request = WSGIRequest(environ.copy())
        request.urlconf = urls
        return handler.get_response(request)

    response = ask()
    if response.status_code != 200:
        raise RuntimeError(f"{url} answers {response.status_code}: {response.content!r}")
    return lambda: timed(ask, CALLS).cpu


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    print(f"{'case':16}{'plain us':>10}{'ours us':>10}{'ratio':>8}   quartiles, {rounds} rounds")
    for name, (url, urls, body) in CASES.items():
        measures = {"plain": caller(url, plain, body), "ours": caller(url, urls, body)}
        times = in_turns(measures, rounds)
        low, ratio, high = ratios(times["plain"], times["ours"])
        base, cost = (spread(times[each]).median for each in ("plain", "ours"))
        print(f"{name:16}{base:10.0f}{cost:10.0f}{ratio:8.2f}   {low:.2f} to {high:.2f}")


if __name__ == "__main__":
    main()
