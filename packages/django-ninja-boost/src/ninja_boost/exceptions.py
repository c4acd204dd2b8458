"""Errors as responses of one shape."""

from ninja_boost_core.exceptions import ApiError, register_exception_handlers
from ninja_boost_core.unmatched import handler404

__all__ = ["ApiError", "handler404", "register_exception_handlers"]
