"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from ninja_boost_core import Feature, Hook, OperationSpec

from .settings import IdempotencySettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from ninja_boost_core.pings import Ping

__all__ = ["IdempotencyFeature", "feature"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class IdempotencyFeature(Feature):
    """The settings, the system checks, and what IdempotencyMiddleware stands for."""

    name = "idempotency"
    distribution = "ninja-boost-idempotency"
    settings = IdempotencySettings
    aliases: ClassVar[Mapping[str, str]] = {
        f"ninja_boost.idempotency.{name}": f"ninja_boost_idempotency.{name}"
        for name in ("CacheStore", "DatabaseStore", "IdempotencyMiddleware", "RedisStore")
    }

    def hooks(self, spec: OperationSpec) -> Iterable[Hook]:
        from .hooks import DefaultIdempotencyHook, IdempotencyHook
        from .policies import Options

        if _SAFE.issuperset(spec.methods):
            return
        if not any(isinstance(hook, IdempotencyHook) for hook in spec.attached):
            yield DefaultIdempotencyHook(Options())

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_deployment, check_stores

        return check_deployment() if deploy else check_stores()

    def pings(self) -> Iterable[Ping]:
        from .pings import find_pings

        return find_pings()


feature = IdempotencyFeature()
