"""The Django app: ``INSTALLED_APPS = [..., "ninja_boost"]``."""

from django.apps import AppConfig

__all__ = ["NinjaBoostConfig"]


class NinjaBoostConfig(AppConfig):
    """Registers the system checks of core and of all installed features."""

    name = "ninja_boost"
    verbose_name: str = "Ninja Boost"

    def ready(self) -> None:
        from ninja_boost_core.checks import register

        register()
