"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ninja_boost_core import Feature

from .settings import PluginsSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage
    from ninja import NinjaAPI

__all__ = ["PluginsFeature", "feature"]


class PluginsFeature(Feature):
    """The plugins of the settings, and their start with each AutoAPI."""

    name = "plugins"
    distribution = "ninja-boost-plugins"
    settings = PluginsSettings

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_plugins

        return () if deploy else check_plugins()

    def api_created(self, api: NinjaAPI) -> None:
        from .registry import plugin_registry

        plugin_registry.startup(api)


feature = PluginsFeature()
