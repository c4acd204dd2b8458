"""The prefixes of paths in ``VERSIONING["DEPRECATED"]``."""

from __future__ import annotations

from ninja_boost_core.conf import boost_settings

from .deprecation import Deprecation
from .settings import VersioningSettings

__all__ = ["deprecation_below", "prefixes"]

_compiled: tuple[tuple[str, Deprecation], ...] | None = None


def prefixes() -> tuple[tuple[str, Deprecation], ...]:
    """Return the prefixes, the longest first; compiled once per state of the settings.

    Raises:
        django.core.exceptions.ImproperlyConfigured: if ``NINJA_BOOST`` is wrong.
    """
    global _compiled
    if _compiled is None:
        given = boost_settings.section(VersioningSettings).VERSIONING.DEPRECATED
        ordered = sorted(given, key=len, reverse=True)
        _compiled = tuple((prefix, given[prefix].deprecation) for prefix in ordered)
    return _compiled


@boost_settings.on_change
def _forget() -> None:
    global _compiled
    _compiled = None


def deprecation_below(path: str) -> tuple[str, Deprecation | None]:
    """Return the longest prefix that fits a path, and what it says; without one, "" and None."""
    for prefix, deprecation in prefixes():
        if path.startswith(prefix):
            return prefix, deprecation
    return "", None
