"""System checks."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.conf import boost_settings

from .policy import may_preload
from .settings import HeaderSettings

__all__ = ["check_deployment", "check_options"]

_FRAME_OPTIONS = ("DENY", "SAMEORIGIN")


def check_options() -> Iterator[checks.CheckMessage]:
    """W001: a preload that does nothing. W002: a frame option that browsers ignore."""
    try:
        options = boost_settings.section(HeaderSettings).SECURITY_HEADERS
    except ImproperlyConfigured:
        return  # Core reports it.
    key = "NINJA_BOOST['SECURITY_HEADERS']"
    if options.HSTS_PRELOAD and not may_preload(options):
        yield checks.Warning(
            f"{key}: HSTS_PRELOAD is left out, because its conditions do not hold.",
            hint="Set HSTS_MAX_AGE to 31536000 or more, and HSTS_INCLUDE_SUBDOMAINS to True.",
            id="ninja_boost_security_headers.W001",
        )
    value = options.FRAME_OPTIONS
    if value is not None and value.upper() not in _FRAME_OPTIONS:
        yield checks.Warning(
            f"{key}: FRAME_OPTIONS is {value!r}, which browsers do not know and ignore.",
            hint="Set it to None, and say who may frame pages in CSP: frame-ancestors ...",
            id="ninja_boost_security_headers.W002",
        )


def check_deployment() -> Iterator[checks.CheckMessage]:
    """W003: the package is there, its middleware is not."""
    if not any(path.endswith(".SecurityHeadersMiddleware") for path in settings.MIDDLEWARE):
        yield checks.Warning(
            "SecurityHeadersMiddleware is not in MIDDLEWARE: no security headers are sent.",
            hint="Add 'ninja_boost_security_headers.middleware.SecurityHeadersMiddleware' (with "
            "the umbrella 'ninja_boost.security_headers.SecurityHeadersMiddleware'), or name "
            "'security_headers' in NINJA_BOOST['DISABLED_FEATURES'].",
            id="ninja_boost_security_headers.W003",
        )
