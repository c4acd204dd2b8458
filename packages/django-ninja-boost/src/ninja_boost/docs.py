"""Guarded docs, with no script from elsewhere."""

from ninja_boost_docs import (
    DocGuard,
    RedocPage,
    SwaggerPage,
    add_rate_limit_headers_to_schema,
    add_security_scheme,
    harden_docs,
)

__all__ = [
    "DocGuard",
    "RedocPage",
    "SwaggerPage",
    "add_rate_limit_headers_to_schema",
    "add_security_scheme",
    "harden_docs",
]
