"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ninja_boost_core import Feature

from .settings import WebhookSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from ninja_boost_core.pings import Ping

__all__ = ["WebhooksFeature", "feature"]


class WebhooksFeature(Feature):
    """The settings and the system checks.

    Operations get their hooks from the decorators alone, and DISABLED_FEATURES takes none away.
    """

    name = "webhooks"
    distribution = "ninja-boost-webhooks"
    settings = WebhookSettings

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_deployment, check_endpoints

        return check_deployment() if deploy else check_endpoints()

    def pings(self) -> Iterable[Ping]:
        from .pings import find_pings

        return find_pings()


feature = WebhooksFeature()
