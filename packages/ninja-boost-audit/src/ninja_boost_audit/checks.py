"""System checks."""

from __future__ import annotations

from collections.abc import Iterator

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.problems import as_error

from .backends.current import configured_backend
from .settings import current_options

__all__ = ["check_backend", "check_deployment"]


def check_backend() -> Iterator[checks.CheckMessage]:
    """E001: the backend cannot be made, or lacks its app, its database or its keys."""
    try:
        configured_backend()
    except ImproperlyConfigured as error:
        yield as_error(error, "ninja_boost_audit.E001")


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W001: operations go on without their records."""
    if not current_options().FAIL_CLOSED:
        yield checks.Warning(
            "NINJA_BOOST: AUDIT.FAIL_CLOSED is off: while records cannot be written, operations "
            "leave no trace.",
            hint="Remove FAIL_CLOSED, so that such requests get a 503.",
            id="ninja_boost_audit.W001",
        )
