"""What a cached answer costs, beside a bare Django view and Django's cache_page.

    python tools/bench/caching.py [--rounds N] [--requests N] [locmem] [redis]

Whole requests in process (URL, operation, response) to a GET operation whose answer is cached.
``raw``: a Django view that returns the same bytes, with nothing looked up. ``cache_page``:
Django's decorator on that view. ``shared``: an operation of an AutoAPI with ``auth=None`` and
``@cache_response()``. ``user``: the same with authentication and ``key="user"``. ``ninja``: on a
plain NinjaAPI. ``floor``: a hook in the place of the cache that returns the bytes at once, which
is what the pipeline itself costs. ``uncached``: the operation without the decorator, which
computes its small answer. All of them take turns in each round, and a ratio is the median over
the rounds of a time to that of ``raw`` in the same round; absolute times say little on a shared
machine. ``redis get`` is one bare round trip, which is the floor of a hit there.

REDIS_URL names the server; the keys of the run are deleted at its end.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import django
from django.conf import settings
from measuring import in_turns, ratios, spread, timed, wsgi_asker, wsgi_environ

STORES = ("locmem", "redis")
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
ITEM = {"id": 7, "name": "Widget", "price": "12.50", "in_stock": True}
SIZES = {"one": 1, "100": 100}

Ask = Callable[[], object]


def configure(store: str) -> None:
    # What else is installed here is not measured.
    features = entry_points(group="ninja_boost.features")
    others = {entry.name for entry in features} - {"caching"}
    cache = "django.core.cache.backends"
    settings.configure(
        SECRET_KEY="of-no-value-0123456789-0123456789-0123456789",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[],
        LOGGING_CONFIG=None,
        USE_TZ=True,
        CACHES={
            "default": {"BACKEND": f"{cache}.locmem.LocMemCache"}
            if store == "locmem"
            else {
                "BACKEND": f"{cache}.redis.RedisCache",
                "LOCATION": REDIS_URL,
                "KEY_PREFIX": f"bench-{os.getpid()}",
            },
        },
        NINJA_BOOST={"CACHE": {"TTL": 60}, "DISABLED_FEATURES": others},
    )
    django.setup()


def build(size: int) -> list[Any]:
    from django.http import HttpRequest, HttpResponse
    from django.urls import path
    from django.views.decorators.cache import cache_page
    from ninja import NinjaAPI

    from ninja_boost_caching import cache_response
    from ninja_boost_core import AutoAPI, Call, Hook, attach

    class Answer(Hook):
        def before_view(self, call: Call) -> HttpResponse:
            return raw(call.request)

    items = [ITEM] * size
    body = json.dumps({"ok": True, "data": items}).encode()

    def authenticate(request: HttpRequest) -> Any:
        return {"user_id": 1}

    def raw(request: HttpRequest) -> HttpResponse:
        return HttpResponse(body, content_type="application/json; charset=utf-8")

    def view(request: HttpRequest) -> Any:
        return items

    def enveloped(request: HttpRequest) -> Any:
        return {"ok": True, "data": items}

    opened = AutoAPI(auth=None, urls_namespace="open")
    guarded = AutoAPI(auth=authenticate, urls_namespace="guarded")
    plain = NinjaAPI(urls_namespace="plain")
    opened.get("/shared")(cache_response()(view))
    opened.get("/uncached")(view)
    opened.get("/floor")(attach(Answer())(view))
    guarded.get("/user")(cache_response(key="user")(view))
    plain.get("/ninja")(cache_response()(enveloped))
    return [
        # Each that comes earlier costs those after it a look.
        path("api/raw", raw),
        path("open/", opened.urls),
        path("api/cache_page", cache_page(60)(raw)),
        path("guarded/", guarded.urls),
        path("plain/", plain.urls),
    ]


URLS = {
    "raw": "/api/raw",
    "cache_page": "/api/cache_page",
    "floor": "/open/floor",
    "shared": "/open/shared",
    "user": "/guarded/user",
    "ninja": "/plain/ninja",
    "uncached": "/open/uncached",
}
urlpatterns: list[Any] = []


def asker(handler: Any, url: str) -> Ask:
    ask = wsgi_asker(handler, wsgi_environ(url, HTTP_HOST="localhost"))

    def body() -> bytes:
        status, _, content = ask()
        assert status == "200 OK", content
        return content

    return body


def measure(store: str, size: str, rounds: int, requests: int) -> None:
    from django.core.wsgi import get_wsgi_application

    urlpatterns.extend(build(SIZES[size]))
    handler = get_wsgi_application()
    askers = {name: asker(handler, url) for name, url in URLS.items()}
    bodies = {name: (ask(), ask()) for name, ask in askers.items()}
    expected = json.loads(bodies["raw"][0])
    assert all(json.loads(body) == expected for pair in bodies.values() for body in pair)
    if store == "redis":
        import redis

        client = redis.Redis.from_url(REDIS_URL)
        askers["redis get"] = lambda: client.get("bench")
    measures = {name: lambda ask=ask: timed(ask, requests).wall for name, ask in askers.items()}
    times = in_turns(measures, rounds)
    if store == "redis":
        client.delete(*client.scan_iter(f"bench-{os.getpid()}:*"))
    print(f"\n{store}, answers of {len(bodies['raw'][0])} bytes")
    print(f"{'':12}{'µs':>8}{'ratio to raw':>14}")
    for name, taken in times.items():
        ratio = ratios(taken, times["raw"]).median
        print(f"{name:12}{spread(taken).median:8.1f}{ratio:14.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--requests", type=int, default=100, help="of each kind in a round")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("stores", nargs="*", choices=[*STORES, []], metavar="store")
    options = parser.parse_args()
    if options.one:
        store, size = options.one.split("/")
        configure(store)
        measure(store, size, options.rounds, options.requests)
        return 0
    import subprocess

    # Settings are configured once in a process.
    sizes = [f"--rounds={options.rounds}", f"--requests={options.requests}"]
    for store in options.stores or STORES:
        for size in SIZES:
            command = [sys.executable, __file__, *sizes, f"--one={store}/{size}"]
            subprocess.run(command, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
