"""The Django app of core alone; the umbrella's app does the same."""

from django.apps import AppConfig

__all__ = ["NinjaBoostCoreConfig"]


class NinjaBoostCoreConfig(AppConfig):
    """Registers the system checks."""

    name = "ninja_boost_core"
    verbose_name: str = "Ninja Boost core"

    def ready(self) -> None:
        from .checks import register

        register()
