"""JSON log lines with the context of the request, without secrets."""

from ninja_boost_logging import (
    ContextFilter,
    LoggingMiddleware,
    StructuredJsonFormatter,
    StructuredVerboseFormatter,
    bind_context,
    bound_context,
    clear_context,
    get_context,
    unbind_context,
)

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
