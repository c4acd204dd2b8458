"""AutoRouter: Ninja's Router with context, auth and pages."""

from ninja_boost_core.router import AutoRouter

__all__ = ["AutoRouter"]
