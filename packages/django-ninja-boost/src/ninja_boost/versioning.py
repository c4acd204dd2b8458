"""Versions of an API: one implementation, the shape that each client knows."""

from ninja_boost_versioning import (
    ON_DEPRECATED_USE,
    DeprecationMiddleware,
    VersionChange,
    VersionedRouter,
    deprecated,
    deprecation_statistics,
    require_version,
    version_of,
    versioned_api,
)

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
