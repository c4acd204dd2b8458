"""The demo's settings with ERRORS as the environment says; and with a cache that is away."""

from __future__ import annotations

from os import environ
from typing import Any

from django.core.cache.backends.locmem import LocMemCache

from airline.settings import *  # noqa: F403
from airline.settings import NINJA_BOOST as DEMO


class Away(LocMemCache):
    """A cache whose server does not answer."""

    def _fail(self, *args: Any, **kwargs: Any) -> Any:
        raise ConnectionError("The cache does not answer.")

    add = get = set = touch = delete = clear = has_key = incr = _fail


NINJA_BOOST = {**DEMO, "ERRORS": environ["TESTS_ERRORS"]}
if "TESTS_OUTAGE" in environ:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "away": {"BACKEND": f"{__name__}.Away", "LOCATION": ""},
    }
    NINJA_BOOST["RATE_LIMIT"] = {
        "BACKEND": "ninja_boost_rate_limiting.CacheBackend",
        "CACHE": "away",
    }
    NINJA_BOOST["WEBHOOKS"] = {"CACHE": "away"}
