"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ninja_boost_core import Feature

from .settings import HealthSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from ninja_boost_core.pings import Ping

__all__ = ["feature"]


class HealthFeature(Feature):
    """The settings and their check; the router is added by the project."""

    name = "health"
    distribution = "ninja-boost-health"
    settings = HealthSettings

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_aliases

        return () if deploy else check_aliases()

    def pings(self) -> Iterable[Ping]:
        from .pings import find_pings

        return find_pings()


feature = HealthFeature()
