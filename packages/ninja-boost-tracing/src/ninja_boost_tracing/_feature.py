"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from ninja_boost_core import Feature

from .settings import TracingSettings

__all__ = ["TracingFeature", "feature"]


class TracingFeature(Feature):
    """The settings of the middleware; there is nothing to do for a single operation."""

    name = "tracing"
    distribution = "ninja-boost-tracing"
    settings = TracingSettings


feature = TracingFeature()
