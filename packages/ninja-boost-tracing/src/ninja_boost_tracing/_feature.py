"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ninja_boost_core import Feature

from .settings import TracingSettings

if TYPE_CHECKING:
    from ninja_boost_core.pings import Ping

__all__ = ["TracingFeature", "feature"]


class TracingFeature(Feature):
    """The settings of the middleware; there is nothing to do for a single operation."""

    name = "tracing"
    distribution = "ninja-boost-tracing"
    settings = TracingSettings

    def pings(self) -> Iterable[Ping]:
        from .pings import find_pings

        return find_pings()


feature = TracingFeature()
