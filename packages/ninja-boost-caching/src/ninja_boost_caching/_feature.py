"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ninja_boost_core import Feature

from .settings import CacheSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from ninja_boost_core.pings import Ping

__all__ = ["CachingFeature", "feature"]


class CachingFeature(Feature):
    """The settings and the system checks; nothing is cached that was not decorated."""

    name = "caching"
    distribution = "ninja-boost-caching"
    settings = CacheSettings

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_deployment, check_operations

        return check_deployment() if deploy else check_operations()

    def pings(self) -> Iterable[Ping]:
        from .pings import find_pings

        return find_pings()


feature = CachingFeature()
