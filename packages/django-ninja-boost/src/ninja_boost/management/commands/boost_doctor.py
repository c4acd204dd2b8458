"""The command of ninja-boost-core, for projects with the umbrella in INSTALLED_APPS."""

from ninja_boost_core.management.commands.boost_doctor import Command

__all__ = ["Command"]
