"""System checks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.observers import ObserverMiddleware

from .formatters import StructuredFormatter
from .settings import LoggingSettings

__all__ = ["check_deployment", "check_middleware"]


def check_middleware() -> Iterator[checks.CheckMessage]:
    """W001: the lines are formatted here, but carry no request."""
    if _formatters() and not any(map(_observes, settings.MIDDLEWARE)):
        yield checks.Warning(
            "LOGGING uses a formatter of ninja-boost-logging, and MIDDLEWARE has nothing that "
            "gives its lines the fields of the request.",
            hint="Add 'ninja_boost_logging.LoggingMiddleware' or, with ninja-boost-lifecycle, "
            "'ninja_boost_lifecycle.LifecycleMiddleware'.",
            id="ninja_boost_logging.W001",
        )


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W002: secrets are written to the logs as they are."""
    if boost_settings.find_problems():
        return  # Core reports these.
    if not boost_settings.section(LoggingSettings).LOGGING.REDACT:
        yield checks.Warning(
            "NINJA_BOOST: LOGGING.REDACT is False, so passwords and tokens get into the logs.",
            hint="Remove REDACT; LOGGING.REVEAL_KEYS names what is harmless.",
            id="ninja_boost_logging.W002",
        )


def _formatters() -> list[logging.Formatter]:
    """Return the formatters of ours that a handler of any logger has."""
    loggers: list[Any] = [logging.getLogger(), *logging.root.manager.loggerDict.values()]
    handlers = (handler for each in loggers for handler in getattr(each, "handlers", ()))
    return [h.formatter for h in handlers if isinstance(h.formatter, StructuredFormatter)]


def _observes(path: str) -> bool:
    try:
        middleware = import_string(path)
    except ImportError:
        return False  # Django itself tells of it.
    return isinstance(middleware, type) and issubclass(middleware, ObserverMiddleware)
