"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ninja_boost_core import Feature

from .settings import HeaderSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

__all__ = ["feature"]


class SecurityHeadersFeature(Feature):
    """The settings and their checks."""

    name = "security_headers"
    distribution = "ninja-boost-security-headers"
    settings = HeaderSettings

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_deployment, check_options

        return check_deployment() if deploy else check_options()


feature = SecurityHeadersFeature()
