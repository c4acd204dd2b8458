"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from ninja_boost_core import Feature

__all__ = ["feature"]


class TestingFeature(Feature):
    name = "testing"
    distribution = "ninja-boost-testing"


feature = TestingFeature()
