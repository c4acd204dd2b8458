"""What ``boost_doctor`` asks about secrets and the cache of deliveries."""

from __future__ import annotations

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.test import override_settings

from ninja_boost_core.doctor import ask
from ninja_boost_webhooks import github_webhook, standard_webhook, verify_webhook
from ninja_boost_webhooks._feature import feature

from .support import view_of

SECRET = "for-tests-only-and-of-no-value"


class Open(LocMemCache):
    """Lets everything in."""

    def add(self, *args, **kwargs):
        return True


class Down(LocMemCache):
    def add(self, *args, **kwargs):
        raise ConnectionError("redis://app:hunter2@h:1 refused")


@pytest.fixture
def endpoint():
    """Put a decorator on a view, and keep that: a hook lives as long as its view."""
    views = []
    return lambda decorator: views.append(decorator(view_of(False, [])))


@pytest.fixture
def cached():
    def use(kind):
        return override_settings(CACHES={"default": {"BACKEND": f"{__name__}.{kind}"}})

    return use


def answers():
    return ask(list(feature.pings()), 10)


def test_only_what_is_used(endpoint):
    assert list(feature.pings()) == []
    endpoint(github_webhook(SECRET, replay="allow"))
    assert [ping.name.partition(":")[0] for ping in feature.pings()] == ["webhook"]


def test_all_is_well(endpoint, monkeypatch):
    monkeypatch.setenv("NEW_SECRET", SECRET)
    endpoint(verify_webhook(secret_env=["NEW_SECRET", "OLD_SECRET"], endpoint="shop.hook"))
    secret, deliveries = answers()
    assert secret.ok
    assert (secret.name, secret.detail) == ("webhook: shop.hook", "1 of NEW_SECRET or OLD_SECRET")
    assert deliveries.ok
    assert deliveries.name == "webhooks: deliveries in cache default"
    assert deliveries.detail == "LocMemCache: each process has its own"


def test_no_secret(endpoint, monkeypatch):
    monkeypatch.delenv("NO_SECRET", raising=False)
    endpoint(verify_webhook(secret_env="NO_SECRET", endpoint="shop.hook"))
    secret, _ = answers()
    assert not secret.ok
    assert secret.detail == "NO_SECRET is not set."
    assert secret.hint.startswith("Set NO_SECRET")


def test_a_secret_that_makes_no_key(endpoint):
    endpoint(standard_webhook("whsec_*hunter2*"))
    secret, _ = answers()
    assert not secret.ok
    assert "is not base64" in secret.detail
    assert "hunter2" not in secret.detail


@pytest.mark.parametrize("is_async", [False, True])
def test_functions_are_called(endpoint, is_async):
    """The system checks do not; this is the place where it is tried."""
    called = []

    def sync_vault():
        called.append(1)
        raise ConnectionError("https://app:hunter2@vault.example")

    async def async_vault():
        sync_vault()

    vault = async_vault if is_async else sync_vault
    endpoint(github_webhook(vault))
    secret, _ = answers()
    assert called == [1]
    assert secret.detail == "ConnectionError: https://***@vault.example"


def test_a_cache_that_lets_a_delivery_in_twice(endpoint, cached):
    endpoint(github_webhook(SECRET))
    with cached("Open"):
        _, deliveries = answers()
    assert deliveries.detail == "A delivery that comes twice is let in twice."


@pytest.mark.parametrize(("on_error", "text"), [("closed", "get a 503"), ("open", "are let in")])
def test_a_dead_cache(endpoint, on_error, text, cached):
    endpoint(github_webhook(SECRET))
    with cached("Down"), override_settings(NINJA_BOOST={"WEBHOOKS": {"ON_ERROR": on_error}}):
        _, deliveries = answers()
    assert deliveries.detail == "StoreFailed: the cache 'default' failed (ConnectionError)"
    assert text in deliveries.hint
