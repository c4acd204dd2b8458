"""The language and the time zone of a request."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from asgiref.local import Local
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, trans_real

from ninja_boost_core.django_settings import made_of

if TYPE_CHECKING:
    from datetime import tzinfo

__all__ = ["Locale", "current_locale"]

Locale = tuple[str | None, str | None]
"""The language and the name of the time zone; None for what the settings switch off."""


def current_locale() -> Locale:
    """Return what is active, or what the settings say where nothing was activated."""
    # Django's types leave these out, and its test signals put another Local there.
    languages: Any = trans_real
    zones: Any = timezone
    if _TELLS and _are_untouched(languages._active, zones._active):
        return _default_locale()
    return (
        get_language() if settings.USE_I18N else None,
        _zone_name(timezone.get_current_timezone()) if settings.USE_TZ else None,
    )


def _are_untouched(one: Any, other: Any) -> bool:
    """Return whether nothing was ever set in two Locals, as seen from here.

    To read what is not there takes longer than all else that is done to find an answer: Local
    words an AttributeError.
    """
    return one._storage._data.get(None) is None and other._storage._data.get(None) is None


def _tells() -> bool:
    """Return whether ``_are_untouched`` can tell, with the asgiref that is installed."""
    one, other = Local(), Local()
    try:
        before = _are_untouched(one, one)
        other.value = 1
        return before and not _are_untouched(one, other) and not _are_untouched(other, one)
    except (AttributeError, TypeError):
        return False


_TELLS = _tells()


@made_of("LANGUAGE_CODE", "TIME_ZONE", "USE_I18N", "USE_TZ")
def _default_locale() -> Locale:
    return (
        settings.LANGUAGE_CODE if settings.USE_I18N else None,
        _zone_name(timezone.get_default_timezone()) if settings.USE_TZ else None,
    )


@lru_cache(maxsize=256)
def _zone_name(zone: tzinfo) -> str:
    return zone.tzname(None) or str(zone)
