"""What ``boost_doctor`` asks: the checks."""

from __future__ import annotations

from types import ModuleType

import pytest
from django.test import override_settings
from django.urls import path
from ninja import NinjaAPI

from ninja_boost_core import AutoAPI
from ninja_boost_core.doctor import ask
from ninja_boost_health import CheckFailed, new_health_router, register_check
from ninja_boost_health._feature import feature

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[AutoAPI, NinjaAPI])
def served(request):
    """The probes, mounted on an API of each kind."""
    api = request.param(urls_namespace=f"pings-{request.param.__name__}")
    api.add_router("/health", new_health_router())
    urls = ModuleType("urls_of_a_test")
    urls.urlpatterns = [path("api/", api.urls)]
    with override_settings(ROOT_URLCONF=urls):
        yield


def answers():
    return {found.name: found for found in ask(list(feature.pings()), 10)}


def test_only_what_is_used():
    register_check("kettle")(lambda: None)
    urls = ModuleType("urls_of_a_test")
    urls.urlpatterns = []
    with override_settings(ROOT_URLCONF=urls):
        assert answers() == {}


def test_the_checks(served, health):
    health(CHECKS=("database", "cache", "migrations"))

    @register_check("kettle")
    async def kettle(): ...

    found = answers()
    assert list(found) == [f"health: {n}" for n in ("database", "cache", "migrations", "kettle")]
    assert all(each.ok for each in found.values()), found


def test_checks_that_fail(served):
    @register_check("kettle")
    async def kettle():
        raise CheckFailed("It is cold.")

    @register_check("pot", critical=False)
    def pot():
        return False

    found = answers()
    assert found["health: kettle"].detail == "CheckFailed: It is cold."
    assert found["health: kettle"].hint == "While it fails, /ready answers 503."
    assert found["health: pot"].detail == "CheckFailed: It returned False."
    assert "degraded" in found["health: pot"].hint
