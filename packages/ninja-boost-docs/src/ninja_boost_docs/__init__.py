"""Guarded API docs for Django Ninja, without scripts from elsewhere."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .guard import DocGuard as DocGuard
    from .hardening import add_rate_limit_headers_to_schema as add_rate_limit_headers_to_schema
    from .hardening import add_security_scheme as add_security_scheme
    from .hardening import harden_docs as harden_docs
    from .pages import RedocPage as RedocPage
    from .pages import SwaggerPage as SwaggerPage

_HOMES = {
    "DocGuard": "ninja_boost_docs.guard",
    "RedocPage": "ninja_boost_docs.pages",
    "SwaggerPage": "ninja_boost_docs.pages",
    "add_rate_limit_headers_to_schema": "ninja_boost_docs.hardening",
    "add_security_scheme": "ninja_boost_docs.hardening",
    "harden_docs": "ninja_boost_docs.hardening",
}

__all__ = [
    "DocGuard",
    "RedocPage",
    "SwaggerPage",
    "add_rate_limit_headers_to_schema",
    "add_security_scheme",
    "harden_docs",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
