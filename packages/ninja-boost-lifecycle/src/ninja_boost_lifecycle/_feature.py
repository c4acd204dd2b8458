"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ninja_boost_core import Feature

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

__all__ = ["feature"]


class LifecycleFeature(Feature):
    """The middleware does the work; the feature has the system check."""

    name = "lifecycle"
    distribution = "ninja-boost-lifecycle"

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_place

        return () if deploy else check_place()


feature = LifecycleFeature()
