"""What ``boost_doctor`` asks the backend."""

from __future__ import annotations

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.test import override_settings

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_core.doctor import ask
from ninja_boost_rate_limiting import rate_limit
from ninja_boost_rate_limiting._feature import feature

from .conftest import redis_cache_config
from .redis_server import free_port
from .support import serving

MEMORY = "ninja_boost_rate_limiting.InMemoryBackend"
CACHE = "ninja_boost_rate_limiting.CacheBackend"
REDIS = "ninja_boost_rate_limiting.RedisBackend"


class Forgetful(LocMemCache):
    """Has lost everything before it is asked for it."""

    def get_many(self, *args, **kwargs):
        return {}

    def add(self, *args, **kwargs):
        return True


def answer(caches=None, **options):
    """What the one ping says."""
    extra = {} if caches is None else {"CACHES": {"default": caches}}
    with override_settings(NINJA_BOOST={"RATE_LIMIT": options}, **extra):
        (found,) = ask(list(feature.pings()), 10)
    return found


def test_only_what_is_used():
    assert list(feature.pings()) == []
    api, router = AutoAPI(urls_namespace="pings"), AutoRouter()
    router.get("/limited")(rate_limit("5/minute", key="user")(lambda request: None))
    api.add_router("", router)
    with serving(api=api):
        assert [ping.name for ping in feature.pings()] == ["rate limits: InMemoryBackend"]


def test_in_memory():
    found = answer(BACKEND=MEMORY)
    assert found.ok
    assert "n processes admit n times the limit" in found.detail


def test_a_cache(redis_url):
    found = answer(redis_cache_config(redis_url), BACKEND=CACHE)
    assert found.ok
    assert found.name == "rate limits: CacheBackend"
    assert found.detail.startswith("cache default: RedisCache redis")


def test_redis(redis_url):
    found = answer(BACKEND=REDIS, REDIS_URL=redis_url, TIMEOUT=5)
    assert found.ok
    assert found.name == "rate limits: RedisBackend"
    assert found.detail.startswith("redis")


@pytest.mark.parametrize(
    ("on_error", "text"), [("open", "admitted without being counted"), ("closed", "get a 503")]
)
def test_a_dead_redis(on_error, text):
    url = f"redis://app:hunter2@127.0.0.1:{free_port()}/0"
    found = answer(BACKEND=REDIS, REDIS_URL=url, ON_ERROR=on_error)
    assert not found.ok
    assert found.detail.startswith("BackendError: Redis failed: ConnectionError")
    assert "hunter2" not in found.detail
    assert text in found.hint


def test_a_dead_cache():
    url = f"redis://app:hunter2@127.0.0.1:{free_port()}/0"
    found = answer(redis_cache_config(url), BACKEND=CACHE)
    assert not found.ok
    assert found.detail.startswith("BackendError: The cache 'default' failed: ConnectionError")
    assert "hunter2" not in found.detail


def test_a_cache_that_does_not_count():
    found = answer({"BACKEND": f"{__name__}.Forgetful"}, BACKEND=CACHE)
    assert found.detail == "It does not count: a limit of one a minute was not kept."


def test_a_backend_that_cannot_be_made():
    found = answer(BACKEND=REDIS)
    assert not found.ok
    assert "RATE_LIMIT.REDIS_URL" in found.detail + found.hint
