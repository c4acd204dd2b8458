"""Structured logs for Django and Django Ninja: request context, redaction, one access line"""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .context import bind_context as bind_context
    from .context import bound_context as bound_context
    from .context import clear_context as clear_context
    from .context import get_context as get_context
    from .context import unbind_context as unbind_context
    from .filters import ContextFilter as ContextFilter
    from .formatters import StructuredJsonFormatter as StructuredJsonFormatter
    from .formatters import StructuredVerboseFormatter as StructuredVerboseFormatter
    from .observers import LoggingMiddleware as LoggingMiddleware

_HOMES = {
    "ContextFilter": "ninja_boost_logging.filters",
    "LoggingMiddleware": "ninja_boost_logging.observers",
    "StructuredJsonFormatter": "ninja_boost_logging.formatters",
    "StructuredVerboseFormatter": "ninja_boost_logging.formatters",
    "bind_context": "ninja_boost_logging.context",
    "bound_context": "ninja_boost_logging.context",
    "clear_context": "ninja_boost_logging.context",
    "get_context": "ninja_boost_logging.context",
    "unbind_context": "ninja_boost_logging.context",
}

__all__ = [
    "ContextFilter",
    "LoggingMiddleware",
    "StructuredJsonFormatter",
    "StructuredVerboseFormatter",
    "bind_context",
    "bound_context",
    "clear_context",
    "get_context",
    "unbind_context",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
