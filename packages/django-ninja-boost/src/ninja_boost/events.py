"""The event bus and the names of its events."""

from ninja_boost_core.events import (
    AFTER_RESPONSE,
    BEFORE_REQUEST,
    ON_AUTH_FAILURE,
    ON_ERROR,
    ON_PERMISSION_DENIED,
    ON_PLUGIN_LOADED,
    ON_POLICY_DENIED,
    ON_RATE_LIMIT_EXCEEDED,
    ON_SERVICE_REGISTERED,
    EventBus,
    event_bus,
)

__all__ = [
    "AFTER_RESPONSE",
    "BEFORE_REQUEST",
    "ON_AUTH_FAILURE",
    "ON_ERROR",
    "ON_PERMISSION_DENIED",
    "ON_PLUGIN_LOADED",
    "ON_POLICY_DENIED",
    "ON_RATE_LIMIT_EXCEEDED",
    "ON_SERVICE_REGISTERED",
    "EventBus",
    "event_bus",
]
