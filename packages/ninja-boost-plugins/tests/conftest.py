"""Fixtures: the registry, empty before and after each test."""

import pytest

from ninja_boost_core import event_bus
from ninja_boost_plugins import plugin_registry


@pytest.fixture(autouse=True)
def registry():
    yield plugin_registry
    plugin_registry.clear()
    plugin_registry._failures.clear()
    plugin_registry._apis.clear()
    event_bus.clear()
