"""System checks."""

from __future__ import annotations

from collections.abc import Iterator

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.conf import boost_settings

from .settings import DocsSettings

__all__ = ["check_deployment"]


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W001: anybody may read the docs in production."""
    try:
        options = boost_settings.section(DocsSettings).DOCS
    except ImproperlyConfigured:
        return  # Core reports it.
    restricted = options.REQUIRE_STAFF or options.REQUIRE_AUTH or options.ALLOWED_IPS
    if options.ENABLED and not (options.DISABLE_IN_PRODUCTION or restricted):
        yield checks.Warning(
            "NINJA_BOOST['DOCS']: anybody may read the docs and the schema in production.",
            hint="Set DISABLE_IN_PRODUCTION, REQUIRE_STAFF, REQUIRE_AUTH or ALLOWED_IPS; for a "
            "public API, add 'ninja_boost_docs.W001' to SILENCED_SYSTEM_CHECKS.",
            id="ninja_boost_docs.W001",
        )
