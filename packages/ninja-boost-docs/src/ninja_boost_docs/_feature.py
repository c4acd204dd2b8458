"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ninja_boost_core import Feature

from .settings import DocsSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage
    from ninja import NinjaAPI

    from ninja_boost_core.pings import Ping

__all__ = ["feature"]


class DocsFeature(Feature):
    """Hardens the docs of every AutoAPI."""

    name = "docs"
    distribution = "ninja-boost-docs"
    settings = DocsSettings

    def api_created(self, api: NinjaAPI) -> None:
        from .hardening import harden_docs

        harden_docs(api)

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_deployment

        return check_deployment() if deploy else ()

    def pings(self) -> Iterable[Ping]:
        from .pings import find_pings

        return find_pings()


feature = DocsFeature()
