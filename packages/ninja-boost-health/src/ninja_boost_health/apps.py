"""The Django app, for its management command."""

from django.apps import AppConfig

__all__ = ["HealthConfig"]


class HealthConfig(AppConfig):
    """``INSTALLED_APPS = [..., "ninja_boost_health"]``; the umbrella brings the command itself."""

    name = "ninja_boost_health"
    verbose_name: str = "Ninja Boost health"
