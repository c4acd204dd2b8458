"""Live, ready and startup probes for Django Ninja."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .drain import drain as drain
    from .drain import is_draining as is_draining
    from .drain import undrain as undrain
    from .registry import Check as Check
    from .registry import CheckFailed as CheckFailed
    from .registry import register_check as register_check
    from .registry import unregister_check as unregister_check
    from .router import health_router as health_router
    from .router import new_health_router as new_health_router

_HOMES = {
    "Check": "ninja_boost_health.registry",
    "CheckFailed": "ninja_boost_health.registry",
    "drain": "ninja_boost_health.drain",
    "health_router": "ninja_boost_health.router",
    "new_health_router": "ninja_boost_health.router",
    "is_draining": "ninja_boost_health.drain",
    "register_check": "ninja_boost_health.registry",
    "undrain": "ninja_boost_health.drain",
    "unregister_check": "ninja_boost_health.registry",
}

__all__ = [
    "Check",
    "CheckFailed",
    "drain",
    "health_router",
    "is_draining",
    "new_health_router",
    "register_check",
    "undrain",
    "unregister_check",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
