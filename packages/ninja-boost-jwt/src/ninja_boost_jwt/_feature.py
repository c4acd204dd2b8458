"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from ninja_boost_core import Feature

from .settings import JWTSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from ninja_boost_core.pings import Ping

__all__ = ["JWTFeature", "feature"]


class JWTFeature(Feature):
    """The settings and the system checks; operations get JWTAuth through ``auth``."""

    name = "jwt"
    distribution = "ninja-boost-jwt"
    settings = JWTSettings
    aliases: ClassVar[Mapping[str, str]] = {
        "ninja_boost.integrations.JWTAuth": "ninja_boost_jwt.JWTAuth",
    }

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_deployment, check_keys

        return check_deployment() if deploy else check_keys()

    def pings(self) -> Iterable[Ping]:
        from .pings import find_pings

        return find_pings()


feature = JWTFeature()
