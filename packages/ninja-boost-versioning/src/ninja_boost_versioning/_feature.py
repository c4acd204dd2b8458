"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ninja_boost_core import Feature

from .settings import VersioningSettings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from ninja_boost_core import Hook, OperationSpec

__all__ = ["feature"]


class VersioningFeature(Feature):
    """Settings, checks, and the version of the API for each operation of ``versioned_api``."""

    name = "versioning"
    distribution = "ninja-boost-versioning"
    settings = VersioningSettings

    def hooks(self, spec: OperationSpec) -> Iterable[Hook]:
        from .api import ApiVersionHook
        from .hooks import VersionHook

        if any(isinstance(hook, VersionHook) and hook.serves_api for hook in spec.attached):
            return ()
        return (ApiVersionHook(),)

    def checks(self, deploy: bool) -> Iterable[CheckMessage]:
        from .checks import check_middleware

        return () if deploy else check_middleware()


feature = VersioningFeature()
