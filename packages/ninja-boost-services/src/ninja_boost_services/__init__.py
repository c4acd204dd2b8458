"""Services for Django Ninja: singletons, one instance per request, clean-up, overrides in tests."""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from .base import BoostService as BoostService
    from .decorators import inject_service as inject_service
    from .errors import AsyncServiceError as AsyncServiceError
    from .errors import CircularServiceError as CircularServiceError
    from .errors import ScopeError as ScopeError
    from .errors import ServiceError as ServiceError
    from .errors import ServiceNotFound as ServiceNotFound
    from .pings import ServicePing as ServicePing
    from .registry import ServiceRegistry as ServiceRegistry
    from .registry import service_registry as service_registry
    from .request_scope import Services as Services

_HOMES = {
    "AsyncServiceError": "ninja_boost_services.errors",
    "BoostService": "ninja_boost_services.base",
    "CircularServiceError": "ninja_boost_services.errors",
    "ScopeError": "ninja_boost_services.errors",
    "ServiceError": "ninja_boost_services.errors",
    "ServiceNotFound": "ninja_boost_services.errors",
    "ServicePing": "ninja_boost_services.pings",
    "ServiceRegistry": "ninja_boost_services.registry",
    "Services": "ninja_boost_services.request_scope",
    "inject_service": "ninja_boost_services.decorators",
    "service_registry": "ninja_boost_services.registry",
}

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

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
