"""Live, ready and startup probes."""

from ninja_boost_health import (
    Check,
    CheckFailed,
    drain,
    health_router,
    is_draining,
    new_health_router,
    register_check,
    undrain,
    unregister_check,
)

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
