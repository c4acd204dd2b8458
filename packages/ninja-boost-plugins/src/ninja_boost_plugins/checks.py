"""System checks."""

from __future__ import annotations

from collections.abc import Iterator

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.conf import boost_settings

from .registry import plugin_registry

__all__ = ["check_plugins"]


def check_plugins() -> Iterator[checks.CheckMessage]:
    """E001: a plugin of the settings cannot be registered."""
    if boost_settings.find_problems(imports=True):
        return  # Core reports these.
    try:
        plugin_registry.load()
    except ImproperlyConfigured as error:
        yield checks.Error(
            str(error),
            hint="Correct the plugin, or remove it from PLUGINS.",
            id="ninja_boost_plugins.E001",
        )
