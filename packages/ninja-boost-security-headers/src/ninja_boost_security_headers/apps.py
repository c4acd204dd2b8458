"""The Django app, for its management command."""

from django.apps import AppConfig

__all__ = ["SecurityHeadersConfig"]


class SecurityHeadersConfig(AppConfig):
    """For the command; the umbrella brings the command itself."""

    name = "ninja_boost_security_headers"
    verbose_name: str = "Ninja Boost security headers"
