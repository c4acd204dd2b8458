"""Fixtures: Redis, and counts that start from nothing."""

import os

import pytest
import redis
from django.core.cache import caches

from ninja_boost_rate_limiting import _reset_backend
from ninja_boost_rate_limiting.backends.redis import RedisBackend
from tests.redis_server import BINARY, RedisServer, missing


@pytest.fixture(scope="session")
def redis_url():
    """A Redis that nobody kills: REDIS_URL, or else one of our own."""
    url = os.environ.get("REDIS_URL")
    if url is None and BINARY is not None:
        server = RedisServer()
        yield server.url
        server.close()
        return
    url = url or "redis://127.0.0.1:6379/0"
    try:
        with redis.Redis.from_url(url, socket_timeout=15) as client:
            client.ping()
    except redis.RedisError as error:
        missing(f"no Redis at the default address, and no REDIS_URL: {error}")
    yield url


@pytest.fixture
def server():
    """A Redis to kill."""
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def redis_cache(redis_url, settings):
    settings.CACHES = {"default": redis_cache_config(redis_url)}
    yield
    caches["default"].close()


def redis_cache_config(url):
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "OPTIONS": {"socket_timeout": 5, "socket_connect_timeout": 5},
    }


@pytest.fixture(autouse=True)
def _fresh():
    _reset_backend()


@pytest.fixture(autouse=True)
def _connections(monkeypatch):
    """Close what a backend opened: a client in a cycle leaves its sockets to chance."""
    made, make = [], RedisBackend._make

    def recorded(self, which):
        client = make(self, which)
        if not which:
            made.append(client)
        return client

    monkeypatch.setattr(RedisBackend, "_make", recorded)
    yield
    for client in made:
        client.close()
