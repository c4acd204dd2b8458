"""The original's import paths, lazily."""

import subprocess
import sys
from importlib import import_module

import pytest

import ninja_boost

PATHS = {
    "ninja_boost.caching": ["cache_manager", "cache_response"],
    "ninja_boost.testing": ["capture_events", "assert_problem", "assert_rate_limited"],
    "ninja_boost.cli": ["main"],
    "ninja_boost.metrics": ["BaseMetricsBackend", "LoggingBackend", "increment", "timing", "track"],
    "ninja_boost.versioning": ["deprecated", "require_version", "versioned_api"],
    "ninja_boost.audit": [
        "AuditRouter",
        "DatabaseBackend",
        "LoggingBackend",
        "MultiBackend",
        "audit_log",
    ],
    "ninja_boost.permissions": [
        "require",
        "async_require",
        "BasePermission",
        "IsAuthenticated",
        "IsStaff",
        "IsSuperuser",
        "AllowAny",
        "DenyAll",
        "HasPermission",
        "IsOwner",
    ],
    "ninja_boost.policies": ["BasePolicy", "policy", "policy_registry"],
    "ninja_boost.logging_structured": ["StructuredJsonFormatter", "StructuredVerboseFormatter"],
    "ninja_boost.docs": [
        "harden_docs",
        "add_security_scheme",
        "add_rate_limit_headers_to_schema",
        "DocGuard",
    ],
    "ninja_boost.queries": ["Queries", "assert_no_n_plus_one", "needs", "plan_queries"],
    "ninja_boost.plugins": ["BoostPlugin", "plugin_registry"],
    "ninja_boost.services": ["BoostService", "service_registry", "inject_service"],
    "ninja_boost": [
        "AutoAPI",
        "AutoRouter",
        "TracingMiddleware",
        "auto_paginate",
        "cursor_paginate",
        "event_bus",
        "inject_context",
        "rate_limit",
        "register_exception_handlers",
        "wrap_response",
    ],
    "ninja_boost.api": ["AutoAPI"],
    "ninja_boost.async_support": [
        "AsyncTracingMiddleware",
        "async_inject_context",
        "async_paginate",
        "async_rate_limit",
        "async_require",
    ],
    "ninja_boost.conf": ["boost_settings"],
    "ninja_boost.dependencies": ["_client_ip", "inject_context"],
    "ninja_boost.events": ["BEFORE_REQUEST", "event_bus"],
    "ninja_boost.exceptions": ["register_exception_handlers"],
    "ninja_boost.health": ["health_router", "register_check"],
    "ninja_boost.idempotency": ["DatabaseStore", "IdempotencyMiddleware", "idempotent"],
    "ninja_boost.integrations": ["BearerTokenAuth", "JWTAuth", "create_jwt_token"],
    "ninja_boost.lifecycle": ["LifecycleMiddleware"],
    "ninja_boost.middleware": ["TracingMiddleware"],
    "ninja_boost.pagination": ["auto_paginate", "cursor_paginate"],
    "ninja_boost.rate_limiting": [
        "CacheBackend",
        "InMemoryBackend",
        "_reset_backend",
        "rate_limit",
    ],
    "ninja_boost.responses": ["wrap_response"],
    "ninja_boost.router": ["AutoRouter"],
    "ninja_boost.security_headers": ["SecurityHeadersMiddleware", "with_headers"],
    "ninja_boost.webhook": [
        "github_webhook",
        "slack_webhook",
        "stripe_webhook",
        "verify_webhook",
    ],
}


@pytest.mark.parametrize("module", PATHS)
def test_the_originals_import_paths(module):
    for name in PATHS[module]:
        assert getattr(import_module(module), name) is not None


def test_a_name_is_one_object_wherever_it_is_imported_from():
    from ninja_boost import async_support, dependencies, integrations, middleware, pagination

    assert async_support.async_inject_context is dependencies.inject_context
    assert async_support.async_paginate is pagination.auto_paginate is ninja_boost.auto_paginate
    assert async_support.AsyncTracingMiddleware is middleware.TracingMiddleware
    assert integrations.JWTAuth is ninja_boost.JWTAuth


def test_every_export_has_a_home():
    assert set(ninja_boost.__all__) == set(ninja_boost._HOMES)
    assert set(ninja_boost.__all__) <= set(dir(ninja_boost))
    with pytest.raises(AttributeError, match="nothing_of_ours"):
        _ = ninja_boost.nothing_of_ours


def test_importing_needs_no_settings_and_not_even_ninja():
    code = (
        "import sys, ninja_boost; dir(ninja_boost); ninja_boost.__version__; "
        "assert 'ninja' not in sys.modules; assert 'django' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_settings_as_the_original_has_them(settings):
    from ninja_boost import conf, dependencies, integrations, pagination, responses

    settings.NINJA_BOOST = {
        "AUTH": "ninja_boost.integrations.JWTAuth",
        "RESPONSE_WRAPPER": "ninja_boost.responses.wrap_response",
        "PAGINATION": "ninja_boost.pagination.auto_paginate",
        "DI": "ninja_boost.dependencies.inject_context",
    }
    assert conf.boost_settings.find_problems(imports=True) == []
    assert conf.boost_settings.AUTH is integrations.JWTAuth
    assert conf.boost_settings.RESPONSE_WRAPPER is responses.wrap_response
    assert conf.boost_settings.PAGINATION is pagination.auto_paginate
    assert conf.boost_settings.DI is dependencies.inject_context


def test_the_app_registers_the_checks(settings):
    from django.core.checks import run_checks

    from ninja_boost.apps import NinjaBoostConfig

    NinjaBoostConfig("ninja_boost", ninja_boost).ready()
    settings.NINJA_BOOST = {"PAGE_SIZES": 3}
    (message,) = [m for m in run_checks() if m.id == "ninja_boost_core.E001"]
    assert "PAGE_SIZE" in message.hint
