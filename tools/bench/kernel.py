"""What the kernel costs beside plain Ninja: the same views on both, in paired rounds.

Run it in an environment with the packages: python tools/bench/kernel.py [rounds]

A ratio above 1 is faster than plain Ninja. The requests go through Django's handler in this
process, without middleware, so that nothing else is measured.
"""

import gc
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
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
from django.test import RequestFactory
from django.urls import path
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


plain = NinjaAPI(urls_namespace="plain")
plain.add_router("", views(Router(), {}))
boost = AutoAPI(urls_namespace="boost")
boost.add_router("", views(AutoRouter(), {"paginate": False}))
boost.add_router("/ctx", context_views(AutoRouter()))
urlpatterns = [path("plain/", plain.urls), path("boost/", boost.urls)]

factory = RequestFactory()
BODY = json.dumps(ITEM)
CASES = {
    "tiny": ("/tiny", "/tiny", None),
    "tiny with ctx": ("/tiny", "/ctx/tiny", None),
    "one object": ("/one/3", "/one/3", None),
    "list of 100": ("/list", "/list", None),
    "POST, 6 fields": ("/post", "/post", BODY),
}


def caller(url: str, body: str | None) -> Callable[[], float]:
    handler = WSGIHandler()
    if body is None:
        environ = factory.get(url).environ
    else:
        environ = factory.post(url, body, content_type="application/json").environ
    # The test client's payload can be read once only.
    payload = environ["wsgi.input"] = io.BytesIO((body or "").encode())

    def run() -> float:
        started = time.perf_counter()
        for _ in range(CALLS):
            payload.seek(0)
            response = handler.get_response(WSGIRequest(environ.copy()))
        if response.status_code != 200:
            raise RuntimeError(f"{url} answers {response.status_code}: {response.content!r}")
        return (time.perf_counter() - started) / CALLS * 1e6

    return run


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    print(f"{'case':16}{'plain us':>10}{'ours us':>10}{'ratio':>8}   quartiles, {rounds} rounds")
    gc.disable()
    for name, (theirs, ours, body) in CASES.items():
        run_plain, run_boost = caller(f"/plain{theirs}", body), caller(f"/boost{ours}", body)
        run_plain()
        run_boost()
        pairs = []
        for _ in range(rounds):
            pairs.append((run_plain(), run_boost()))
            gc.collect()
        low, ratio, high = statistics.quantiles([p / b for p, b in pairs], n=4)
        base, cost = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:16}{base:10.0f}{cost:10.0f}{ratio:8.2f}   {low:.2f} to {high:.2f}")


if __name__ == "__main__":
    main()
