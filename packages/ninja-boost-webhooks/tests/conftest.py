"""Each test starts with empty caches and without the endpoints of others."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from ninja_boost_webhooks.hook import hooks


@pytest.fixture(autouse=True)
def fresh():
    cache.clear()
    hooks.clear()
    yield
    cache.clear()
