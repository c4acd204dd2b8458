"""Whether the middleware sees what it is there to see."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string

from .middleware import LifecycleMiddleware

__all__ = ["check_place"]

_ANSWERING = (
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.cache.FetchFromCacheMiddleware",
    "django.middleware.locale.LocaleMiddleware",
)
"""Middlewares that answer by themselves: what they answer, only those above them see."""


def check_place() -> Iterable[checks.CheckMessage]:
    """Warn of a LifecycleMiddleware below one that answers requests by itself."""
    above: list[str] = []
    for path in settings.MIDDLEWARE:
        if path.endswith(".LifecycleMiddleware") and import_string(path) is LifecycleMiddleware:
            if above:
                yield checks.Warning(
                    f"MIDDLEWARE: {path} stands below {', '.join(above)}, whose own answers "
                    "it does not see: they are in no log, metric or event.",
                    hint=f"Move {path} above {above[0]}.",
                    id="ninja_boost_lifecycle.W001",
                )
            return
        if path in _ANSWERING:
            above.append(path)
