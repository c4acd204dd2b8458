"""How each system check of this package is brought about and put right."""

from weakref import WeakSet

from django.conf import settings
from django.urls import path

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_idempotency import hooks, idempotent

from .urls import Bearer

APP = "ninja_boost_idempotency"
APPS = list(settings.INSTALLED_APPS)
REDIS = f"{APP}.RedisStore"
DATABASE = f"{APP}.DatabaseStore"
WITHOUT_TIMEOUTS = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": "redis://127.0.0.1:1/0",
}
TIMEOUTS = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}


def idempotency(backend, **options):
    return {"NINJA_BOOST": {"IDEMPOTENCY": {"BACKEND": backend, **options}}}


def paying(**options):
    """One operation with keys."""

    def patterns():
        api, router = AutoAPI(auth=Bearer()), AutoRouter()

        @router.post("/pay")
        @idempotent(**options)
        def pay(request): ...

        api.add_router("", router)
        return [path("api/", api.urls)]

    # Without the operations of other tests.
    return {"ROOT_URLCONF": patterns, "code": [(hooks, "_in_use", WeakSet())]}


CASES = [
    (
        "ninja_boost_idempotency.E001",
        idempotency("nowhere"),
        "Give one of CACHES: 'default', 'redis'",
        idempotency("redis"),
    ),
    (
        "ninja_boost_idempotency.E001",
        idempotency("dummy"),
        "Give a Redis, Memcached or (for one process) locmem cache",
        idempotency("redis"),
    ),
    (
        "ninja_boost_idempotency.E001",
        idempotency("dummy"),
        f"or '{DATABASE}'.",
        idempotency(DATABASE),
    ),
    (
        "ninja_boost_idempotency.E001",
        {
            "INSTALLED_APPS": [app for app in APPS if app != APP],
            **idempotency(DATABASE),
        },
        f"Add '{APP}' to INSTALLED_APPS and run migrate.",
        {"INSTALLED_APPS": APPS},
    ),
    (
        "ninja_boost_idempotency.E001",
        idempotency("tests.urls.Bearer"),
        f"a dotted path to either such as '{DATABASE}'.",
        idempotency(DATABASE),
    ),
    (
        "ninja_boost_idempotency.E001",
        idempotency(REDIS),
        "Set IDEMPOTENCY.REDIS_URL to one such as 'redis://host:6379/0'.",
        idempotency(REDIS, REDIS_URL="redis://host:6379/0"),
    ),
    (
        "ninja_boost_idempotency.E001",
        idempotency(REDIS, REDIS_URL="host:6379"),
        "Set IDEMPOTENCY.REDIS_URL to one such as 'redis://host:6379/0'.",
        idempotency(REDIS, REDIS_URL="redis://host:6379/0"),
    ),
    (
        "ninja_boost_idempotency.E001",
        {"absent": ["redis"], **idempotency(REDIS, REDIS_URL="redis://host:6379/0")},
        "pip install 'redis>=5.0.1'",
        {"absent": []},
    ),
    (
        "ninja_boost_core.E002",
        {
            "absent": ["redis"],
            **idempotency("redis", REDIS_URL="redis://host:6379/0"),
            **paying(store=REDIS),
        },
        "pip install 'redis>=5.0.1'",
        {"absent": []},
    ),
    (
        "ninja_boost_idempotency.W001",
        {**idempotency("default"), **paying()},
        "Set NINJA_BOOST['IDEMPOTENCY']['BACKEND']",
        idempotency("redis"),
    ),
    (
        "ninja_boost_idempotency.W001",
        {**idempotency("redis"), **paying(store="default")},
        "or store= where it is given",
        paying(store=DATABASE),
    ),
    (
        "ninja_boost_idempotency.W002",
        {
            "CACHES": {**settings.CACHES, "slow": WITHOUT_TIMEOUTS},
            **idempotency("slow"),
            **paying(),
        },
        f"Set CACHES['slow']['OPTIONS'] to {TIMEOUTS}.",
        {"CACHES": {**settings.CACHES, "slow": {**WITHOUT_TIMEOUTS, "OPTIONS": TIMEOUTS}}},
    ),
    (
        "ninja_boost_idempotency.W003",
        {**idempotency("redis", ON_ERROR="open"), **paying()},
        "Remove ON_ERROR",
        idempotency("redis"),
    ),
]
