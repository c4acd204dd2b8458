"""What ``boost_doctor`` asks the cache."""

from __future__ import annotations

import socket

import pytest
from django.test import override_settings

from ninja_boost_caching import cache_response
from ninja_boost_caching._feature import feature
from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_core.doctor import ask

from .support import serving


def test_only_what_is_used():
    api, router = AutoAPI(urls_namespace="pings"), AutoRouter()
    router.get("/cached", auth=None)(cache_response(ttl=60)(lambda request: 1))
    api.add_router("", router)
    with override_settings(NINJA_BOOST={}):
        with serving():
            assert list(feature.pings()) == []
        with serving(api=api):
            assert [ping.name for ping in feature.pings()] == ["cached answers: cache default"]


def test_each_cache(alias):
    (found,) = ask(list(feature.pings()), 10)
    assert found.ok
    assert found.name == f"cached answers: cache {alias}"
    assert "Cache" in found.detail


@pytest.mark.parametrize(
    ("on_error", "text"), [("open", "every answer is computed"), ("closed", "answer 503")]
)
def test_a_dead_cache(on_error, text):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        caches = {
            "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
            "answers": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": f"redis://app:hunter2@127.0.0.1:{port}/0",
            },
        }
        options = {"ALIAS": "answers", "ON_ERROR": on_error}
        with override_settings(CACHES=caches, NINJA_BOOST={"CACHE": options}):
            (found,) = ask(list(feature.pings()), 10)
    assert not found.ok
    assert found.detail.startswith("ConnectionError")
    assert "hunter2" not in found.detail
    assert "CACHES['answers']" in found.hint
    assert text in found.hint
