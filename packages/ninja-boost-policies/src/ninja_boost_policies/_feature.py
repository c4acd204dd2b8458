"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ninja_boost_core import Feature

from .settings import PoliciesSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage
    from ninja import NinjaAPI

__all__ = ["PoliciesFeature", "feature"]


class PoliciesFeature(Feature):
    """The settings and the system checks."""

    name = "policies"
    distribution = "ninja-boost-policies"
    settings = PoliciesSettings

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_policies

        return () if deploy else check_policies()

    def api_created(self, api: NinjaAPI) -> None:
        from .registry import policy_registry

        # A policy that cannot be loaded stops the start.
        list(policy_registry)


feature = PoliciesFeature()
