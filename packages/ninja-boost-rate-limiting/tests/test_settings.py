"""Settings, system checks, and names of the umbrella."""

import builtins
import subprocess
import sys
import uuid

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_rate_limiting import CacheBackend, InMemoryBackend, RateLimiter, _reset_backend
from ninja_boost_rate_limiting.backends.base import MissingDependency
from ninja_boost_rate_limiting.guard import current_guard
from tests.support import serving


def configured(**options):
    return override_settings(NINJA_BOOST={"RATE_LIMIT": options})


def found(deploy=False):
    messages = run_checks(include_deployment_checks=deploy)
    return {
        message.id: message.msg
        for message in messages
        if message.id.startswith(("ninja_boost_core", "ninja_boost_rate_limiting"))
    }


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"DEFAULT": "200/fortnight"}, "RATE_LIMIT.DEFAULT"),
        ({"DEFAULT": ""}, "RATE_LIMIT.DEFAULT"),
        ({"DEFAULT": 200}, "RATE_LIMIT.DEFAULT"),
        ({"DEFAULT": "0/minute"}, "RATE_LIMIT.DEFAULT"),
        ({"DEFUALT": "200/minute"}, "Did you mean 'DEFAULT'?"),
        ({"BACKEND": None}, "RATE_LIMIT.BACKEND"),
        ({"BACKEND": "nowhere.Backend"}, "RATE_LIMIT.BACKEND"),
        ({"ON_ERROR": "shut"}, "RATE_LIMIT.ON_ERROR"),
        ({"TIMEOUT": 0}, "RATE_LIMIT.TIMEOUT"),
        ({"TIMEOUT": 3600}, "RATE_LIMIT.TIMEOUT"),
        ({"MAX_KEYS": 0}, "RATE_LIMIT.MAX_KEYS"),
        ({"IPV6_PREFIX": 200}, "RATE_LIMIT.IPV6_PREFIX"),
    ],
)
def test_a_wrong_setting_stops_the_start(options, named):
    with configured(**options):
        messages = found()
    assert list(messages) == ["ninja_boost_core.E001"]
    assert named in messages["ninja_boost_core.E001"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"BACKEND": "ninja_boost_rate_limiting.RedisBackend"}, "needs a URL"),
        (
            {"BACKEND": "ninja_boost_rate_limiting.RedisBackend", "REDIS_URL": "http://:s3cret@x"},
            "cannot read the URL",
        ),
        ({"BACKEND": "ninja_boost_rate_limiting.rate_limit"}, "RATE_LIMIT.BACKEND"),
        ({"BACKEND": dict}, "RATE_LIMIT.BACKEND"),
        (
            {"BACKEND": "ninja_boost_rate_limiting.CacheBackend", "CACHE": "nowhere"},
            "RATE_LIMIT.CACHE",
        ),
    ],
)
def test_a_backend_that_cannot_be_made_stops_the_start(options, named):
    with configured(**options):
        messages = found()
        with pytest.raises(ImproperlyConfigured):
            RateLimiter("1/minute", scope="x").hit("a")
    assert set(messages) == {"ninja_boost_rate_limiting.E001"}
    assert named in messages["ninja_boost_rate_limiting.E001"]
    assert "s3cret" not in str(messages)


def test_a_missing_library_is_named_with_what_installs_it(monkeypatch):
    real = builtins.__import__

    def without_redis(name, *rest):
        if name.partition(".")[0] == "redis":
            raise ImportError(name)
        return real(name, *rest)

    options = {"BACKEND": "ninja_boost_rate_limiting.RedisBackend", "REDIS_URL": "redis://x"}
    with configured(**options):
        monkeypatch.setattr(builtins, "__import__", without_redis)
        with pytest.raises(ImproperlyConfigured, match="pip install 'redis") as caught:
            current_guard()
    assert isinstance(caught.value.__cause__, MissingDependency)


def test_the_defaults_are_fine_and_counts_of_many_processes_are_warned_about():
    assert found() == {}
    assert "InMemoryBackend" in found(deploy=True)["ninja_boost_rate_limiting.W001"]


def test_the_warnings_for_a_deployment(redis_url):
    def warnings(backend, cache):
        options = {"BACKEND": f"ninja_boost_rate_limiting.{backend}", "REDIS_URL": redis_url}
        with configured(**options), override_settings(CACHES={"default": cache}):
            return {m for m in found(deploy=True) if m.startswith("ninja_boost_rate_limiting")}

    local = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    remote = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_url,
    }
    bounded = {**remote, "OPTIONS": {"socket_timeout": 0.25, "socket_connect_timeout": 0.25}}
    assert warnings("CacheBackend", local) == {"ninja_boost_rate_limiting.W001"}
    assert warnings("CacheBackend", remote) == {"ninja_boost_rate_limiting.W002"}
    assert warnings("CacheBackend", bounded) == set()
    assert warnings("RedisBackend", local) == set()


@pytest.mark.parametrize("name", ["InMemoryBackend", "CacheBackend"])
def test_the_umbrellas_paths_work_without_it(name):
    with configured(BACKEND=f"ninja_boost.rate_limiting.{name}"):
        assert type(current_guard().backend).__name__ == name


def test_a_backend_may_be_an_object_or_a_class():
    own = InMemoryBackend(max_keys=7)
    with configured(BACKEND=own):
        assert current_guard().backend is own
    with configured(BACKEND=InMemoryBackend, MAX_KEYS=8):
        backend = current_guard().backend
        assert isinstance(backend, InMemoryBackend)
        assert backend.max_keys == 8


def test_the_cache_is_a_setting():
    caches = {
        name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name}
        for name in ("default", "limits")
    }
    options = {"BACKEND": "ninja_boost_rate_limiting.CacheBackend", "CACHE": "limits"}
    with override_settings(CACHES=caches), configured(**options):
        backend = current_guard().backend
        assert isinstance(backend, CacheBackend)
        assert backend.alias == "limits"


def test_a_bad_default_answers_nothing_rather_than_everything():
    api, router = AutoAPI(), AutoRouter()
    router.get("/items", auth=None)(lambda request: ["item"])
    api.add_router("", router)
    with serving(api=api), configured(DEFAULT="lots"), pytest.raises(ImproperlyConfigured):
        Client().get("/api/items")


@pytest.mark.parametrize("backend", ["InMemoryBackend", "CacheBackend"])
def test_reset_backend_forgets(backend):
    limiter = RateLimiter("1/hour", scope=uuid.uuid4().hex)
    with configured(BACKEND=f"ninja_boost_rate_limiting.{backend}"):
        assert [limiter.hit("a").allowed for _ in range(2)] == [True, False]
        _reset_backend()
        assert limiter.hit("a").allowed


async def test_the_limiter_outside_of_views():
    limiter = RateLimiter("60/hour", scope=uuid.uuid4().hex, burst=3)
    first = limiter.hit("a", 2)
    assert (first.allowed, first.limit, first.remaining, first.checked) == (True, 3, 1, True)
    assert 100 < first.reset_after <= 120
    assert (await limiter.ahit("a")).allowed
    refused = await limiter.ahit("a")
    assert not refused.allowed
    assert 50 < refused.retry_after <= 60
    with pytest.raises(ValueError, match="cost="):
        limiter.hit("a", 4)
    with pytest.raises(ValueError, match="cost="):
        await limiter.ahit("a", -1)


def test_importing_needs_no_settings():
    code = "import ninja_boost_rate_limiting as r; assert 'rate_limit' in dir(r)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PATH": ""})
