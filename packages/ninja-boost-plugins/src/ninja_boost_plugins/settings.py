"""The key of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

from collections.abc import Iterator

from ninja_boost_core.conf import ObjectOrPath, SettingsSection, boost_settings

from .registry import Configured

__all__ = ["PluginsSettings", "configured_plugins"]


class PluginsSettings(SettingsSection):
    """``PLUGINS``: plugin classes to register, or instances, or dotted paths to them."""

    PLUGINS: tuple[ObjectOrPath, ...] = ()


def configured_plugins() -> Iterator[Configured]:
    """Yield what the settings name.

    Raises:
        ImproperlyConfigured: naming the key and the path that cannot be imported.
    """
    section = boost_settings.section(PluginsSettings)
    for path, plugin in zip(section.PLUGINS, section.resolve("PLUGINS"), strict=True):
        yield Configured(plugin, f"NINJA_BOOST: PLUGINS is {path!r}")
