"""Services by name: singletons, one for each request, and clean-up."""

from ninja_boost_services import (
    AsyncServiceError,
    BoostService,
    CircularServiceError,
    ScopeError,
    ServiceError,
    ServiceNotFound,
    ServicePing,
    ServiceRegistry,
    Services,
    inject_service,
    service_registry,
)

__all__ = [
    "AsyncServiceError",
    "BoostService",
    "CircularServiceError",
    "ScopeError",
    "ServiceError",
    "ServiceNotFound",
    "ServicePing",
    "ServiceRegistry",
    "Services",
    "inject_service",
    "service_registry",
]
