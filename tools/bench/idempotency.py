"""What an idempotency key costs, as a multiple of the same operation without one.

    python tools/bench/idempotency.py [--rounds N] [--requests N] [locmem] [redis-cache] [redis]

Whole requests in process (URL, JSON in, view, JSON out) to a POST operation. ``no key``: the
operation is idempotent and the client sends no key. ``first``: a new key each time, so the view
runs and its result is kept. ``replay``: the same key again. Each round measures all of them in
turns beside the bare operation, and a ratio is that of two medians; absolute times say little on
a shared machine. ``redis ping`` is one bare round trip, which is the floor: a first request makes
two of them with RedisStore and three with a Redis cache, a replay one and two. There is no rival
to compare with.

REDIS_URL names the server. Keys expire a minute after the run.
"""

import argparse
import io
import json
import os
import secrets
import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import django
from django.conf import settings

STORES = ("locmem", "redis-cache", "redis")
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
BODY = json.dumps({"account": "DE89370400440532013000", "amount": 4200, "note": "rent"}).encode()

Ask = Callable[[], object]


def configure() -> None:
    cache = "django.core.cache.backends"
    settings.configure(
        SECRET_KEY="of-no-value-0123456789-0123456789-0123456789",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[],
        LOGGING_CONFIG=None,
        CACHES={
            "default": {
                "BACKEND": f"{cache}.locmem.LocMemCache",
                "OPTIONS": {"MAX_ENTRIES": 1_000_000},
            },
            "redis": {"BACKEND": f"{cache}.redis.RedisCache", "LOCATION": REDIS_URL},
        },
        NINJA_BOOST={"IDEMPOTENCY": {"REDIS_URL": REDIS_URL, "TTL": 60}},
    )
    django.setup()


def build(names: list[str]) -> Any:
    from django.http import HttpRequest
    from django.urls import path
    from ninja import Schema

    from ninja_boost_core import AutoAPI, AutoRouter
    from ninja_boost_idempotency import idempotent

    class Payment(Schema):
        account: str
        amount: int
        note: str

    def authenticate(request: HttpRequest) -> Any:
        return {"user_id": 1}

    api, router = AutoAPI(auth=authenticate), AutoRouter()

    def pay(request: HttpRequest, payload: Payment) -> Any:
        return {"paid": payload.amount, "account": payload.account}

    stores = {
        "locmem": "default",
        "redis-cache": "redis",
        "redis": "ninja_boost_idempotency.RedisStore",
    }
    router.post("/bare")(pay)
    for name in names:
        router.post(f"/{name}")(idempotent(store=stores[name])(pay))
    api.add_router("", router)
    return [path("", api.urls)]


urlpatterns: list[Any] = []


def new_key() -> str:
    return secrets.token_hex(16)


def asker(handler: Any, route: str, key: Callable[[], str] | None) -> Ask:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/{route}",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(BODY)),
        "wsgi.url_scheme": "http",
    }
    seen: list[str] = []

    def start_response(status: str, headers: Any) -> None:
        seen.append(status)

    def ask() -> None:
        seen.clear()
        request = {**environ, "wsgi.input": io.BytesIO(BODY)}
        if key is not None:
            request["HTTP_X_IDEMPOTENCY_KEY"] = key()
        response = handler(request, start_response)
        response.close()
        assert seen == ["200 OK"], seen

    return ask


def microseconds(ask: Ask, requests: int) -> float:
    start = perf_counter()
    for _ in range(requests):
        ask()
    return (perf_counter() - start) / requests * 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=200, help="of each kind in a round")
    parser.add_argument("stores", nargs="*", choices=[*STORES, []], metavar="store")
    options = parser.parse_args()
    names = list(options.stores) or list(STORES)
    configure()
    urlpatterns.extend(build(names))

    from django.core.wsgi import get_wsgi_application

    handler = get_wsgi_application()
    askers: dict[str, Ask] = {"bare": asker(handler, "bare", None)}
    for name in names:
        askers[f"{name} no key"] = asker(handler, name, None)
        askers[f"{name} first"] = asker(handler, name, new_key)
        askers[f"{name} replay"] = asker(handler, name, new_key().__str__)
    if any(name.startswith("redis") for name in names):
        import redis

        askers["redis ping"] = redis.Redis.from_url(REDIS_URL, protocol=2).ping
    times: dict[str, list[float]] = {name: [] for name in askers}
    for number in range(options.rounds + 1):
        for name, ask in askers.items():
            taken = microseconds(ask, options.requests)
            if number:  # the first warms up
                times[name].append(taken)
    bare = statistics.median(times["bare"])
    print(f"{'':22}{'µs':>8}{'ratio':>8}")
    for name, rounds in times.items():
        median = statistics.median(rounds)
        print(f"{name:22}{median:8.0f}{median / bare:8.2f}")
    return 0


if __name__ == "__main__":
    # The URLconf is this module, which Django must not import a second time.
    sys.modules["idempotency"] = sys.modules[__name__]
    sys.exit(main())
