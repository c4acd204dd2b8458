"""The command of ninja-boost-health, for projects with the umbrella in INSTALLED_APPS."""

from ninja_boost_health.management.commands.boost_drain import Command

__all__ = ["Command"]
