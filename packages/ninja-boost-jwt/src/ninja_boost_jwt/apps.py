"""The Django app, which refresh tokens and revocation need."""

from django.apps import AppConfig

__all__ = ["JWTConfig"]


class JWTConfig(AppConfig):
    """Brings the tables and ``purge_jwt_tokens``."""

    name = "ninja_boost_jwt"
    verbose_name: str = "JSON Web Tokens"
