"""How each system check of this package is brought about and put right."""

from django.conf import settings

BACKENDS = "django.core.cache.backends"
MEMORY = "ninja_boost_rate_limiting.InMemoryBackend"
CACHE = "ninja_boost_rate_limiting.CacheBackend"
REDIS = "ninja_boost_rate_limiting.RedisBackend"
URL = "redis://host:6379/0"
TIMEOUTS = {"socket_timeout": 0.25, "socket_connect_timeout": 0.25}
SHARED = {"BACKEND": f"{BACKENDS}.redis.RedisCache", "LOCATION": URL, "OPTIONS": TIMEOUTS}
WITHOUT_TIMEOUTS = {"BACKEND": f"{BACKENDS}.redis.RedisCache", "LOCATION": URL}
CACHES = {
    **settings.CACHES,
    "shared": SHARED,
    "files": {"BACKEND": f"{BACKENDS}.filebased.FileBasedCache", "LOCATION": "/nowhere"},
}


def limits(backend, **options):
    return {"NINJA_BOOST": {"RATE_LIMIT": {"BACKEND": backend, **options}}}


CASES = [
    (
        "ninja_boost_rate_limiting.E001",
        {
            "SILENCED_SYSTEM_CHECKS": ["ninja_boost_rate_limiting.W001"],
            **limits("ninja_boost_rate_limiting.rate_limit"),
        },
        f"a dotted path to either such as '{MEMORY}'.",
        limits(MEMORY),
    ),
    (
        "ninja_boost_rate_limiting.E001",
        limits(REDIS),
        f"Set RATE_LIMIT.REDIS_URL to one such as '{URL}'.",
        limits(REDIS, REDIS_URL=URL),
    ),
    (
        "ninja_boost_rate_limiting.E001",
        limits(REDIS, REDIS_URL="host:6379"),
        f"Set RATE_LIMIT.REDIS_URL to one such as '{URL}'.",
        limits(REDIS, REDIS_URL=URL),
    ),
    (
        "ninja_boost_rate_limiting.E001",
        {"absent": ["redis"], **limits(REDIS, REDIS_URL=URL)},
        "pip install 'redis>=5.0.1'",
        {"absent": []},
    ),
    (
        "ninja_boost_rate_limiting.E001",
        {"CACHES": CACHES, **limits(CACHE, CACHE="nowhere")},
        "Set RATE_LIMIT.CACHE to one of CACHES: 'default', 'shared'",
        limits(CACHE, CACHE="shared"),
    ),
    (
        "ninja_boost_rate_limiting.E001",
        {"CACHES": CACHES, **limits(CACHE, CACHE="files")},
        "Set RATE_LIMIT.CACHE to a Redis or Memcached cache",
        limits(CACHE, CACHE="shared"),
    ),
    (
        "ninja_boost_rate_limiting.W001",
        limits(MEMORY),
        f"Set RATE_LIMIT.BACKEND to '{REDIS}', and RATE_LIMIT.REDIS_URL to your server's.",
        limits(REDIS, REDIS_URL=URL),
    ),
    (
        "ninja_boost_rate_limiting.W001",
        limits(CACHE),
        "add 'ninja_boost_rate_limiting.W001' to SILENCED_SYSTEM_CHECKS.",
        {"SILENCED_SYSTEM_CHECKS": ["ninja_boost_rate_limiting.W001"]},
    ),
    (
        "ninja_boost_rate_limiting.W002",
        {"CACHES": {**CACHES, "slow": WITHOUT_TIMEOUTS}, **limits(CACHE, CACHE="slow")},
        f"Set CACHES['slow']['OPTIONS'] to {TIMEOUTS}.",
        {"CACHES": {**CACHES, "slow": {**WITHOUT_TIMEOUTS, "OPTIONS": TIMEOUTS}}},
    ),
]
