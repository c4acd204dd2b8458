"""The command of ninja-boost-security-headers, with the umbrella in INSTALLED_APPS."""

from ninja_boost_security_headers.management.commands.boost_headers import Command

__all__ = ["Command"]
