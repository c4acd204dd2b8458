"""One process of several that receive the same delivery at once; see test_replays."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import django
import redis
from django.conf import settings
from django.test import Client
from django.urls import path

url, barrier, threads, encoded = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
settings.configure(
    SECRET_KEY="x",
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF="__main__",
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": url,
            "KEY_PREFIX": barrier,
        }
    },
)
django.setup()

from ninja_boost_core import AutoAPI, AutoRouter  # noqa: E402
from ninja_boost_webhooks import stripe_webhook  # noqa: E402

router = AutoRouter()
server = redis.Redis.from_url(url)


@router.post("/hook", auth=None)
@stripe_webhook("s", endpoint="race")
def hook(request):
    server.incr(f"{barrier}:entered")


api = AutoAPI()
api.add_router("", router)
urlpatterns = [path("api/", api.urls)]
request = json.loads(encoded)


def attempt(_: int) -> int:
    answer = Client().post(
        "/api/hook",
        data=request["body"],
        content_type="application/json",
        headers=request["headers"],
    )
    return answer.status_code


# The first request compiles the operation; a refused one does.
Client().post("/api/hook")
server.incr(f"{barrier}:ready")
server.blpop([f"{barrier}:go"], timeout=60)
with ThreadPoolExecutor(threads) as pool:
    print(json.dumps(list(pool.map(attempt, range(threads)))))
