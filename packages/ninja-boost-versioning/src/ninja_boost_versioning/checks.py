"""System checks."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.conf import boost_settings

from .settings import VersioningSettings

__all__ = ["check_middleware"]


def check_middleware() -> Iterator[checks.CheckMessage]:
    """E001: prefixes are deprecated, and nothing says so."""
    try:
        prefixes = boost_settings.section(VersioningSettings).VERSIONING.DEPRECATED
    except ImproperlyConfigured:
        return  # Core reports it.
    if prefixes and not any(
        path.endswith(".DeprecationMiddleware") for path in settings.MIDDLEWARE
    ):
        yield checks.Error(
            "NINJA_BOOST['VERSIONING']: DEPRECATED names prefixes, and DeprecationMiddleware, "
            "which would say so, is not in MIDDLEWARE.",
            hint="Add 'ninja_boost_versioning.middleware.DeprecationMiddleware' (with the "
            "umbrella 'ninja_boost.versioning.DeprecationMiddleware').",
            id="ninja_boost_versioning.E001",
        )
