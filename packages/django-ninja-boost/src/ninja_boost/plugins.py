"""Plugins: all events of the API in one class."""

from ninja_boost_plugins import (
    BoostPlugin,
    PluginNotFound,
    PluginRegistry,
    plugin_registry,
)

__all__ = [
    "BoostPlugin",
    "PluginNotFound",
    "PluginRegistry",
    "plugin_registry",
]
