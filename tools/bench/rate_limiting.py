"""What a rate limit costs, beside ``limits`` and Ninja's own throttle, in paired rounds.

    python tools/bench/rate_limiting.py [--rounds N] [--redis URL]

It needs the packages, ``limits`` and, for the second part, redis-py and a Redis. First the
limiters alone, then a whole request (in process: URL, operation, response). All competitors of a
group take turns in each round; a ratio is the median over the rounds of theirs to ours, so above
1 we are faster. Absolute times say little on a shared machine.

The time of the limiters in memory is the process's own; that of Redis is elapsed time.
"""

from __future__ import annotations

import argparse
import sys
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings

settings.configure(
    DEBUG=False,
    SECRET_KEY="for-benchmarks-only-and-of-no-value-0123456789",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    NINJA_BOOST={"AUTH": None},
)

import django

django.setup()

from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.urls import path
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import (
    FixedWindowRateLimiter,
    MovingWindowRateLimiter,
    SlidingWindowCounterRateLimiter,
)
from measuring import differences, in_turns, ratios, spread, timed, wsgi_asker
from ninja import NinjaAPI, Router
from ninja.throttling import AnonRateThrottle

from ninja_boost_rate_limiting import InMemoryBackend, RedisBackend, rate_limit
from ninja_boost_rate_limiting.backends.base import Bucket
from ninja_boost_rate_limiting.rates import parse_rate

Call = Callable[[], Any]
OURS = "ours"
# So much that nothing is refused: the usual case.
COUNT = 1_000_000
BUCKET = Bucket.named(f"bench {uuid.uuid4().hex}", parse_rate(f"{COUNT}/minute"))
FEW = Bucket.named(f"bench {uuid.uuid4().hex}", parse_rate("100/minute"))
STRATEGIES: dict[str, Any] = {
    "fixed window": FixedWindowRateLimiter,
    "moving window": MovingWindowRateLimiter,
    "sliding window": SlidingWindowCounterRateLimiter,
}
CLIENT = "ip:127.0.0.1"
factory = RequestFactory()


def ours(backend: Any, bucket: Bucket) -> Call:
    return lambda: backend.hit(bucket, CLIENT)


def theirs(storage: Any, count: int) -> dict[str, Call]:
    item = RateLimitItemPerMinute(count, namespace=uuid.uuid4().hex)

    def hit(name: str) -> Call:
        strategy = STRATEGIES[name](storage)
        # A key of its own for each, as they share a storage.
        return lambda: strategy.hit(item, name, CLIENT)

    return {f"limits, {name}": hit(name) for name in STRATEGIES}


def throttle(count: int) -> Call:
    request = factory.get("/")
    limiter = AnonRateThrottle(f"{count}/min")
    limiter.cache_format = f"{uuid.uuid4().hex}_%(scope)s_%(ident)s"
    return lambda: limiter.allow_request(request)


def view(request: Any) -> dict[str, int]:
    return {"a": 1}


def api_with(register: Callable[[Router], object], name: str) -> Any:
    api, router = NinjaAPI(urls_namespace=name), Router()
    register(router)
    api.add_router("", router)
    return path(f"{name}/", api.urls)


urlpatterns = [
    api_with(lambda router: router.get("/tiny")(view), "plain"),
    api_with(lambda router: router.get("/tiny")(rate_limit(exempt=True)(view)), "pipeline"),
    api_with(lambda router: router.get("/tiny")(rate_limit(f"{COUNT}/minute")(view)), "ours"),
    api_with(
        lambda router: router.get("/tiny", throttle=[AnonRateThrottle("300/min")])(view), "ninja"
    ),
]


def request_to(name: str) -> Call:
    return wsgi_asker(WSGIHandler(), factory.get(f"/{name}/tiny").environ)


def rounds(
    calls: dict[str, Call], count: int, repeat: int, clock: str = "cpu"
) -> dict[str, list[float]]:
    """Return the microseconds of a call for each round, the competitors taking turns."""
    measures = {
        name: lambda call=call: float(getattr(timed(call, repeat), clock))
        for name, call in calls.items()
    }
    return in_turns(measures, count)


def report(title: str, times: dict[str, list[float]], base: str = OURS) -> None:
    print(f"\n{title}")
    for name, measured in times.items():
        ratio = ratios(measured, times[base]).median
        print(f"  {name:24} {spread(measured).median:9.2f} us   x{ratio:.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--redis", default="", metavar="URL")
    options = parser.parse_args()
    calls = {OURS: ours(InMemoryBackend(), BUCKET), **theirs(MemoryStorage(), COUNT)}
    report("in memory, admitted", rounds(calls, options.rounds, 1000))

    calls = {
        OURS: ours(InMemoryBackend(), FEW),
        **theirs(MemoryStorage(), 100),
        "Ninja's throttle": throttle(100),
    }
    for call in calls.values():
        for _ in range(100):
            call()
    report("in memory, 100 a minute and refused", rounds(calls, options.rounds, 300))

    if options.redis:
        backend = RedisBackend(options.redis, timeout=5)
        storage = RedisStorage(options.redis)
        calls = {OURS: ours(backend, BUCKET), **theirs(storage, COUNT)}
        report("Redis, admitted", rounds(calls, options.rounds, 50, "wall"))
        storage.reset()
        backend.clear()

    calls = {name: request_to(name) for name in ("plain", "pipeline", "ours", "ninja")}
    times = rounds(calls, options.rounds, 200)
    report(
        "a whole request: without a limit on Ninja and in our pipeline, with one", times, "plain"
    )
    adds = {
        name: differences(times[name], times[without]).median
        for name, without in (("ours", "pipeline"), ("ninja", "plain"))
    }
    print(f"  the limit adds {adds['ours']:.1f} us with its headers, Ninja's {adds['ninja']:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
