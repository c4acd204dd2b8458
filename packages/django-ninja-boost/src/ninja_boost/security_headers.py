"""Security headers."""

from ninja_boost_security_headers import (
    Finding,
    SecurityHeadersMiddleware,
    grade,
    security_report,
    with_headers,
)

__all__ = ["Finding", "SecurityHeadersMiddleware", "grade", "security_report", "with_headers"]
