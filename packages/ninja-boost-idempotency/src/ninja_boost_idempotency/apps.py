"""The Django app, which only the database store needs."""

from django.apps import AppConfig

__all__ = ["IdempotencyConfig"]


class IdempotencyConfig(AppConfig):
    """Brings the table of the database store and ``purge_idempotency_keys``."""

    name = "ninja_boost_idempotency"
    verbose_name: str = "Idempotency keys"
