"""The Django app, which only the database backend needs."""

from django.apps import AppConfig

__all__ = ["AuditConfig"]


class AuditConfig(AppConfig):
    """Brings the tables of the database backend, their admin and the ``audit_*`` commands."""

    name = "ninja_boost_audit"
    verbose_name: str = "Audit trail"
    default_auto_field: str = "django.db.models.BigAutoField"
