"""The production layer of a Django Ninja API, in one import.

Every name is resolved when it is first used: importing this package needs no configured
settings and costs next to nothing, so that it can stand in INSTALLED_APPS.
"""

from typing import TYPE_CHECKING

from ninja_boost_core.lazy import lazy_attributes

if TYPE_CHECKING:
    from ninja_boost_audit import AuditRouter as AuditRouter
    from ninja_boost_audit import audit_log as audit_log
    from ninja_boost_caching import cache_manager as cache_manager
    from ninja_boost_caching import cache_response as cache_response
    from ninja_boost_caching import if_match as if_match
    from ninja_boost_core.api import AutoAPI as AutoAPI
    from ninja_boost_core.attachment import attach as attach
    from ninja_boost_core.call import Call as Call
    from ninja_boost_core.contract import Feature as Feature
    from ninja_boost_core.contract import Hook as Hook
    from ninja_boost_core.contract import Order as Order
    from ninja_boost_core.dependencies import inject_context as inject_context
    from ninja_boost_core.events import event_bus as event_bus
    from ninja_boost_core.exceptions import ApiError as ApiError
    from ninja_boost_core.exceptions import (
        register_exception_handlers as register_exception_handlers,
    )
    from ninja_boost_core.responses import wrap_response as wrap_response
    from ninja_boost_core.router import AutoRouter as AutoRouter
    from ninja_boost_core.security import BearerTokenAuth as BearerTokenAuth
    from ninja_boost_docs import harden_docs as harden_docs
    from ninja_boost_health import health_router as health_router
    from ninja_boost_health import register_check as register_check
    from ninja_boost_idempotency import IdempotencyMiddleware as IdempotencyMiddleware
    from ninja_boost_idempotency import idempotent as idempotent
    from ninja_boost_jwt import JWTAuth as JWTAuth
    from ninja_boost_jwt import create_jwt_token as create_jwt_token
    from ninja_boost_jwt import issue_tokens as issue_tokens
    from ninja_boost_jwt import refresh_tokens as refresh_tokens
    from ninja_boost_jwt import token_router as token_router
    from ninja_boost_lifecycle import LifecycleMiddleware as LifecycleMiddleware
    from ninja_boost_metrics import track as track
    from ninja_boost_pagination import auto_paginate as auto_paginate
    from ninja_boost_pagination import cursor_paginate as cursor_paginate
    from ninja_boost_pagination import paginate as paginate
    from ninja_boost_permissions import BasePermission as BasePermission
    from ninja_boost_permissions import HasPermission as HasPermission
    from ninja_boost_permissions import IsAuthenticated as IsAuthenticated
    from ninja_boost_permissions import IsOwner as IsOwner
    from ninja_boost_permissions import IsStaff as IsStaff
    from ninja_boost_permissions import IsSuperuser as IsSuperuser
    from ninja_boost_permissions import require as require
    from ninja_boost_plugins import BoostPlugin as BoostPlugin
    from ninja_boost_plugins import plugin_registry as plugin_registry
    from ninja_boost_policies import BasePolicy as BasePolicy
    from ninja_boost_policies import policy as policy
    from ninja_boost_policies import policy_registry as policy_registry
    from ninja_boost_queries import Queries as Queries
    from ninja_boost_queries import needs as needs
    from ninja_boost_queries import plan_queries as plan_queries
    from ninja_boost_queries import plan_queryset as plan_queryset
    from ninja_boost_rate_limiting import rate_limit as rate_limit
    from ninja_boost_security_headers import (
        SecurityHeadersMiddleware as SecurityHeadersMiddleware,
    )
    from ninja_boost_security_headers import security_report as security_report
    from ninja_boost_security_headers import with_headers as with_headers
    from ninja_boost_services import BoostService as BoostService
    from ninja_boost_services import inject_service as inject_service
    from ninja_boost_services import service_registry as service_registry
    from ninja_boost_tracing import TracingMiddleware as TracingMiddleware
    from ninja_boost_versioning import VersionedRouter as VersionedRouter
    from ninja_boost_versioning import deprecated as deprecated
    from ninja_boost_versioning import require_version as require_version
    from ninja_boost_versioning import versioned_api as versioned_api
    from ninja_boost_webhooks import github_webhook as github_webhook
    from ninja_boost_webhooks import slack_webhook as slack_webhook
    from ninja_boost_webhooks import standard_webhook as standard_webhook
    from ninja_boost_webhooks import stripe_webhook as stripe_webhook
    from ninja_boost_webhooks import twilio_webhook as twilio_webhook
    from ninja_boost_webhooks import verify_webhook as verify_webhook

    from .about import __version__ as __version__

_HOMES = {
    "ApiError": "ninja_boost_core.exceptions",
    "AuditRouter": "ninja_boost_audit",
    "AutoAPI": "ninja_boost_core.api",
    "AutoRouter": "ninja_boost_core.router",
    "BasePermission": "ninja_boost_permissions",
    "BasePolicy": "ninja_boost_policies",
    "BearerTokenAuth": "ninja_boost_core.security",
    "BoostPlugin": "ninja_boost_plugins",
    "BoostService": "ninja_boost_services",
    "Call": "ninja_boost_core.call",
    "Feature": "ninja_boost_core.contract",
    "HasPermission": "ninja_boost_permissions",
    "Hook": "ninja_boost_core.contract",
    "IdempotencyMiddleware": "ninja_boost_idempotency",
    "IsAuthenticated": "ninja_boost_permissions",
    "IsOwner": "ninja_boost_permissions",
    "IsStaff": "ninja_boost_permissions",
    "IsSuperuser": "ninja_boost_permissions",
    "JWTAuth": "ninja_boost_jwt",
    "LifecycleMiddleware": "ninja_boost_lifecycle",
    "Order": "ninja_boost_core.contract",
    "Queries": "ninja_boost_queries",
    "SecurityHeadersMiddleware": "ninja_boost_security_headers",
    "TracingMiddleware": "ninja_boost_tracing",
    "VersionedRouter": "ninja_boost_versioning",
    "__version__": "ninja_boost.about",
    "attach": "ninja_boost_core.attachment",
    "audit_log": "ninja_boost_audit",
    "auto_paginate": "ninja_boost_pagination",
    "cache_manager": "ninja_boost_caching",
    "cache_response": "ninja_boost_caching",
    "create_jwt_token": "ninja_boost_jwt",
    "cursor_paginate": "ninja_boost_pagination",
    "deprecated": "ninja_boost_versioning",
    "event_bus": "ninja_boost_core.events",
    "github_webhook": "ninja_boost_webhooks",
    "harden_docs": "ninja_boost_docs",
    "health_router": "ninja_boost_health",
    "idempotent": "ninja_boost_idempotency",
    "if_match": "ninja_boost_caching",
    "inject_context": "ninja_boost_core.dependencies",
    "inject_service": "ninja_boost_services",
    "issue_tokens": "ninja_boost_jwt",
    "needs": "ninja_boost_queries",
    "paginate": "ninja_boost_pagination",
    "plan_queries": "ninja_boost_queries",
    "plan_queryset": "ninja_boost_queries",
    "plugin_registry": "ninja_boost_plugins",
    "policy": "ninja_boost_policies",
    "policy_registry": "ninja_boost_policies",
    "rate_limit": "ninja_boost_rate_limiting",
    "refresh_tokens": "ninja_boost_jwt",
    "register_check": "ninja_boost_health",
    "register_exception_handlers": "ninja_boost_core.exceptions",
    "require": "ninja_boost_permissions",
    "require_version": "ninja_boost_versioning",
    "security_report": "ninja_boost_security_headers",
    "service_registry": "ninja_boost_services",
    "slack_webhook": "ninja_boost_webhooks",
    "standard_webhook": "ninja_boost_webhooks",
    "stripe_webhook": "ninja_boost_webhooks",
    "token_router": "ninja_boost_jwt",
    "track": "ninja_boost_metrics",
    "twilio_webhook": "ninja_boost_webhooks",
    "verify_webhook": "ninja_boost_webhooks",
    "versioned_api": "ninja_boost_versioning",
    "with_headers": "ninja_boost_security_headers",
    "wrap_response": "ninja_boost_core.responses",
}

__all__ = [
    "ApiError",
    "AuditRouter",
    "AutoAPI",
    "AutoRouter",
    "BasePermission",
    "BasePolicy",
    "BearerTokenAuth",
    "BoostPlugin",
    "BoostService",
    "Call",
    "Feature",
    "HasPermission",
    "Hook",
    "IdempotencyMiddleware",
    "IsAuthenticated",
    "IsOwner",
    "IsStaff",
    "IsSuperuser",
    "JWTAuth",
    "LifecycleMiddleware",
    "Order",
    "Queries",
    "SecurityHeadersMiddleware",
    "TracingMiddleware",
    "VersionedRouter",
    "__version__",
    "attach",
    "audit_log",
    "auto_paginate",
    "cache_manager",
    "cache_response",
    "create_jwt_token",
    "cursor_paginate",
    "deprecated",
    "event_bus",
    "github_webhook",
    "harden_docs",
    "health_router",
    "idempotent",
    "if_match",
    "inject_context",
    "inject_service",
    "issue_tokens",
    "needs",
    "paginate",
    "plan_queries",
    "plan_queryset",
    "plugin_registry",
    "policy",
    "policy_registry",
    "rate_limit",
    "refresh_tokens",
    "register_check",
    "register_exception_handlers",
    "require",
    "require_version",
    "security_report",
    "service_registry",
    "slack_webhook",
    "standard_webhook",
    "stripe_webhook",
    "token_router",
    "track",
    "twilio_webhook",
    "verify_webhook",
    "versioned_api",
    "with_headers",
    "wrap_response",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
