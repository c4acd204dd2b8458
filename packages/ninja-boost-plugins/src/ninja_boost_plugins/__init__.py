"""Plugins for Django Ninja: cross-cutting concerns as one class with the hooks of an API."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .base import BoostPlugin as BoostPlugin
    from .registry import PluginNotFound as PluginNotFound
    from .registry import PluginRegistry as PluginRegistry
    from .registry import plugin_registry as plugin_registry

_HOMES = {
    "BoostPlugin": "ninja_boost_plugins.base",
    "PluginNotFound": "ninja_boost_plugins.registry",
    "PluginRegistry": "ninja_boost_plugins.registry",
    "plugin_registry": "ninja_boost_plugins.registry",
}

__all__ = ["BoostPlugin", "PluginNotFound", "PluginRegistry", "plugin_registry"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
