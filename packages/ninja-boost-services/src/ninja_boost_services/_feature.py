"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ninja_boost_core import Feature, Hook, OperationSpec

from .settings import ServicesSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage
    from django.http import HttpRequest
    from ninja import NinjaAPI

    from ninja_boost_core.pings import Ping

__all__ = ["ServicesFeature", "feature"]


class ServicesFeature(Feature):
    """``ctx["services"]``, its clean-up, the settings and the system checks."""

    name = "services"
    distribution = "ninja-boost-services"
    settings = ServicesSettings

    def context(self) -> Mapping[str, Callable[[HttpRequest], Any]]:
        from .current import services_of

        return {"services": services_of}

    def hooks(self, spec: OperationSpec) -> Iterable[Hook]:
        from .hooks import CleanUpHook, InjectHook

        if any(isinstance(hook, InjectHook) for hook in spec.attached):
            return
        # Without hooks an operation that takes no context has none.
        if spec.attached or (spec.auto and "ctx" in inspect.signature(spec.view).parameters):
            yield CleanUpHook()

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_services

        return () if deploy else check_services()

    def api_created(self, api: NinjaAPI) -> None:
        from .registry import service_registry

        # A service that cannot be loaded stops the start.
        _ = service_registry.definitions

    def pings(self) -> Iterable[Ping]:
        from .doctor import find_pings

        return find_pings()


feature = ServicesFeature()
