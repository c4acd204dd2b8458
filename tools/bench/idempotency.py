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
import json
import os
import secrets
import sys
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from measuring import in_turns, ratios, spread, timed, wsgi_asker, wsgi_environ

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
    environ = wsgi_environ(f"/{route}", "POST")

    def ask() -> None:
        headers = {} if key is None else {"HTTP_X_IDEMPOTENCY_KEY": key()}
        status, _, body = wsgi_asker(handler, {**environ, **headers}, BODY)()
        assert status == "200 OK", body

    return ask


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
    measures = {
        name: lambda ask=ask: timed(ask, options.requests).wall for name, ask in askers.items()
    }
    times = in_turns(measures, options.rounds)
    print(f"{'':22}{'µs':>8}{'ratio':>8}")
    for name, rounds in times.items():
        ratio = ratios(rounds, times["bare"]).median
        print(f"{name:22}{spread(rounds).median:8.0f}{ratio:8.2f}")
    return 0


if __name__ == "__main__":
    # The URLconf is this module, which Django must not import a second time.
    sys.modules["idempotency"] = sys.modules[__name__]
    sys.exit(main())
