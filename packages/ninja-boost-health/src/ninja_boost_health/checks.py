"""System checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from ninja_boost_core.conf import boost_settings

from .settings import HealthSettings

__all__ = ["check_aliases"]


def check_aliases() -> Iterator[checks.CheckMessage]:
    """E001: an alias that DATABASES or CACHES does not have."""
    try:
        options = boost_settings.section(HealthSettings).HEALTH
    except ImproperlyConfigured:
        return  # Core reports it.
    yield from _unknown("DATABASES", options.DATABASES or (), connections)
    yield from _unknown("CACHES", options.CACHES or (), settings.CACHES)


def _unknown(key: str, named: Iterable[str], known: Iterable[str]) -> Iterator[checks.CheckMessage]:
    aliases = sorted(known)
    for alias in named:
        if alias not in aliases:
            yield checks.Error(
                f"NINJA_BOOST['HEALTH']['{key}'] names {alias!r}, which {key} does not have.",
                hint=f"Name one of {', '.join(map(repr, aliases))}.",
                id="ninja_boost_health.E001",
            )
