"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from functools import partial
from typing import Any

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.pings import Ping, PingFailed

from .formatters import StructuredFormatter
from .observers import logger
from .settings import LoggingSettings

__all__ = ["find_pings"]

_TEXT = "boost_doctor"


def find_pings() -> Iterator[Ping]:
    """Yield one for the access log, and one for each handler with a formatter of ours."""
    section = boost_settings.section(LoggingSettings)
    handlers = list(_handlers())
    if section.LOGGING.ACCESS_LOG and (handlers or "LOGGING" in section.model_fields_set):
        yield Ping(
            "logging: access log",
            _probe_access_log,
            f"Give {logger.name!r} the level INFO and a handler in LOGGING, or set "
            "NINJA_BOOST['LOGGING']['ACCESS_LOG'] to False.",
        )
    for handler in handlers:
        name = handler.get_name() or type(handler).__name__
        yield Ping(
            f"logging: {name}",
            partial(_probe_handler, handler),
            f"See to what the handler {name!r} of LOGGING writes to; until then lines are lost.",
        )


def _handlers() -> Iterator[logging.Handler]:
    loggers: list[Any] = [logging.getLogger(), *logging.root.manager.loggerDict.values()]
    # A handler may serve several loggers.
    for handler in dict.fromkeys(h for each in loggers for h in getattr(each, "handlers", ())):
        if isinstance(handler.formatter, StructuredFormatter):
            yield handler


def _probe_access_log() -> None:
    if not logger.isEnabledFor(logging.INFO) or not logger.hasHandlers():
        raise PingFailed(f"The logger {logger.name!r} drops the line of each request.")


def _probe_handler(handler: logging.Handler) -> str:
    """Format a line, and see whether the file of the handler takes one; write none."""
    record = logging.LogRecord(logger.name, logging.INFO, __file__, 0, _TEXT, None, None)
    formatter = type(handler.formatter).__name__
    if _TEXT not in handler.format(record):
        raise PingFailed(f"{formatter} cannot write a line.")
    if not isinstance(handler, logging.FileHandler):
        return formatter
    file = handler.baseFilename
    if not os.access(file if os.path.exists(file) else os.path.dirname(file), os.W_OK):  # noqa: PTH110, PTH120
        raise PingFailed(f"{file} cannot be written to by this user.")
    return f"{formatter} {file}"
