"""A small project with every cache that is there."""

import os

from .services import REDIS_URL, configure

# Ninja 1.5 refuses two NinjaAPI objects of one version in a process, which tests need.
os.environ.setdefault("NINJA_SKIP_REGISTRY", "1")

SECRET_KEY = "for-tests-only-and-of-no-value-0123456789"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "ninja_boost_core",
    "tests",
]
MIDDLEWARE: list[str] = []
DATABASES, MISSING = configure()
DATABASE_ROUTERS = ["tests.routers.CacheTables"]
BACKENDS = "django.core.cache.backends"
PREFIX = os.environ.setdefault("CACHING_TEST_PREFIX", f"nbc-test-{os.getpid()}")
CACHES = {
    "default": {
        "BACKEND": f"{BACKENDS}.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "redis": {
        "BACKEND": f"{BACKENDS}.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": PREFIX,
        "OPTIONS": {"socket_timeout": 5, "socket_connect_timeout": 5},
    },
    "sqlite": {
        "BACKEND": f"{BACKENDS}.db.DatabaseCache",
        "LOCATION": "cache_default",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "postgresql": {
        "BACKEND": f"{BACKENDS}.db.DatabaseCache",
        "LOCATION": "cache_postgresql",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "mariadb": {
        "BACKEND": f"{BACKENDS}.db.DatabaseCache",
        "LOCATION": "cache_mariadb",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "dummy": {"BACKEND": f"{BACKENDS}.dummy.DummyCache"},
    # Nobody listens there.
    "broken": {
        "BACKEND": f"{BACKENDS}.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    },
}
NINJA_BOOST = {"CACHE": {"ALIAS": os.environ.get("CACHING_TEST_ALIAS", "default"), "JITTER": 0}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.urls"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
USE_TZ = True
