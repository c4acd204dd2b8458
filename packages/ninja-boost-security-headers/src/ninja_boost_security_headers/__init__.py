"""Security headers for the responses of a Django project."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .decorators import with_headers as with_headers
    from .middleware import SecurityHeadersMiddleware as SecurityHeadersMiddleware
    from .report import Finding as Finding
    from .report import grade as grade
    from .report import security_report as security_report

_HOMES = {
    "Finding": "ninja_boost_security_headers.report",
    "SecurityHeadersMiddleware": "ninja_boost_security_headers.middleware",
    "grade": "ninja_boost_security_headers.report",
    "security_report": "ninja_boost_security_headers.report",
    "with_headers": "ninja_boost_security_headers.decorators",
}

__all__ = ["Finding", "SecurityHeadersMiddleware", "grade", "security_report", "with_headers"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
