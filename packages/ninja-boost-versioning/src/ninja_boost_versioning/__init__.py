"""API versions, deprecation and sunset for Django Ninja."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .api import VersionedRouter as VersionedRouter
    from .api import versioned_api as versioned_api
    from .changes import VersionChange as VersionChange
    from .decorators import deprecated as deprecated
    from .decorators import require_version as require_version
    from .middleware import DeprecationMiddleware as DeprecationMiddleware
    from .requested import version_of as version_of
    from .usage import ON_DEPRECATED_USE as ON_DEPRECATED_USE
    from .usage import deprecation_statistics as deprecation_statistics

_HOMES = {
    "ON_DEPRECATED_USE": "ninja_boost_versioning.usage",
    "DeprecationMiddleware": "ninja_boost_versioning.middleware",
    "VersionChange": "ninja_boost_versioning.changes",
    "VersionedRouter": "ninja_boost_versioning.api",
    "deprecated": "ninja_boost_versioning.decorators",
    "deprecation_statistics": "ninja_boost_versioning.usage",
    "require_version": "ninja_boost_versioning.decorators",
    "version_of": "ninja_boost_versioning.requested",
    "versioned_api": "ninja_boost_versioning.api",
}

__all__ = [
    "ON_DEPRECATED_USE",
    "DeprecationMiddleware",
    "VersionChange",
    "VersionedRouter",
    "deprecated",
    "deprecation_statistics",
    "require_version",
    "version_of",
    "versioned_api",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
