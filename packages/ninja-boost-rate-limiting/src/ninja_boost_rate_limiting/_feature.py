"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from ninja_boost_core import Feature, Hook, OperationSpec

from .settings import RateLimitSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from ninja_boost_core.pings import Ping

__all__ = ["RateLimitFeature", "feature"]


class RateLimitFeature(Feature):
    """The default limit, the settings and the system checks."""

    name = "rate_limiting"
    distribution = "ninja-boost-rate-limiting"
    settings = RateLimitSettings
    aliases: ClassVar[Mapping[str, str]] = {
        f"ninja_boost.rate_limiting.{name}": f"ninja_boost_rate_limiting.{name}"
        for name in ("CacheBackend", "InMemoryBackend", "RedisBackend")
    }

    def hooks(self, spec: OperationSpec) -> Iterable[Hook]:
        from .hooks import DefaultLimit, ExemptHook, RateLimitHook

        if not any(isinstance(hook, RateLimitHook | ExemptHook) for hook in spec.attached):
            yield DefaultLimit()

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_backend, check_deployment

        return check_deployment() if deploy else check_backend()

    def pings(self) -> Iterable[Ping]:
        from .pings import find_pings

        return find_pings()


feature = RateLimitFeature()
