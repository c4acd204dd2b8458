"""How each system check of this package is brought about and put right."""

from django.conf import settings
from django.urls import path
from ninja import NinjaAPI

from ninja_boost_caching import cache_response

from .support import Bearer

WITHOUT_TIMEOUTS = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": "redis://127.0.0.1:1/0",
}
TIMEOUTS = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}


def cache(alias):
    return {"NINJA_BOOST": {"CACHE": {"ALIAS": alias}}}


def products(auth=None, **options):
    """One operation whose answers are cached."""

    def patterns():
        api = NinjaAPI(auth=auth)

        @api.get("/products")
        @cache_response(60, **options)
        def products(request): ...

        return [path("api/", api.urls)]

    return {"ROOT_URLCONF": patterns}


CASES = [
    (
        "ninja_boost_caching.E001",
        cache("nowhere"),
        "Set CACHE.ALIAS to one of CACHES: 'default', 'redis'",
        cache("redis"),
    ),
    (
        "ninja_boost_caching.W001",
        {**cache("redis"), **products(Bearer())},
        'Say key="user" if answers differ by caller',
        products(Bearer(), key="user"),
    ),
    (
        "ninja_boost_caching.W001",
        {**cache("redis"), **products(Bearer())},
        'or key="shared" if not.',
        products(Bearer(), key="shared"),
    ),
    (
        "ninja_boost_caching.W002",
        {**cache("redis"), **products(key="user")},
        "Give the operation auth",
        products(Bearer(), key="user"),
    ),
    (
        "ninja_boost_caching.W002",
        {**cache("redis"), **products(key="user")},
        "or take the key away.",
        products(),
    ),
    (
        "ninja_boost_caching.W003",
        {**cache("default"), **products()},
        "Set NINJA_BOOST['CACHE']['ALIAS'] to a cache that all processes share.",
        cache("redis"),
    ),
    (
        "ninja_boost_caching.W004",
        {
            "CACHES": {**settings.CACHES, "slow": WITHOUT_TIMEOUTS},
            **cache("slow"),
            **products(),
        },
        f"Set CACHES['slow']['OPTIONS'] to {TIMEOUTS}.",
        {"CACHES": {**settings.CACHES, "slow": {**WITHOUT_TIMEOUTS, "OPTIONS": TIMEOUTS}}},
    ),
]
