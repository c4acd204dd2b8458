"""Fixtures: the registry, empty before and after each test."""

import asyncio
import weakref

import pytest

from ninja_boost_core import event_bus
from ninja_boost_services import service_registry
from ninja_boost_services.lifetimes import failures
from tests.support import Log


@pytest.fixture(autouse=True)
def registry():
    yield service_registry
    if service_registry._lifetime.needs_loop:
        asyncio.run(service_registry.aclose())
    service_registry.close()
    for name in list(service_registry._table._registered):
        service_registry.unregister(name)
    event_bus.clear()
    failures.clear()


@pytest.fixture
def log():
    return Log()


@pytest.fixture(autouse=True)
def _no_views_of_other_tests(monkeypatch):
    """Some interpreter keeps the frame of a test that has ended, and with it its views."""
    monkeypatch.setattr("ninja_boost_services.hooks._in_use", weakref.WeakSet())
