"""Django's settings for each contestant; they are needed before its module can be imported."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from .credentials import RATE, SECRET, log_to_sink


def feature_names() -> list[str]:
    """Return the names of all installed features of ours."""
    return sorted(entry.name for entry in entry_points(group="ninja_boost.features"))


def disabled(*but: str) -> set[str]:
    return set(feature_names()).difference(but)


def nothing() -> dict[str, Any]:
    return {}


def off() -> dict[str, Any]:
    return {"NINJA_BOOST": {"AUTH": None, "DISABLED_FEATURES": disabled()}}


def on() -> dict[str, Any]:
    return {
        "MIDDLEWARE": [
            "ninja_boost.security_headers.SecurityHeadersMiddleware",
            "ninja_boost.middleware.TracingMiddleware",
            "ninja_boost.lifecycle.LifecycleMiddleware",
        ],
        "LOGGING": log_to_sink({"()": "ninja_boost.logging_structured.StructuredJsonFormatter"}),
        "JWT_SECRET_KEY": SECRET,
        "NINJA_BOOST": {
            "AUTH": "ninja_boost.integrations.JWTAuth",
            # It is off by itself; ``verifying`` has it off.
            "JWT": {"TOKEN_CACHE_SECONDS": 60},
            "RATE_LIMIT": {"DEFAULT": f"{RATE}/minute"},
            "METRICS": {"BACKEND": "ninja_boost.metrics.PrometheusBackend"},
        },
    }


def verifying() -> dict[str, Any]:
    """Return settings with everything on where each token is verified at each request."""
    settings = on()
    del settings["NINJA_BOOST"]["JWT"]
    return settings


def hand() -> dict[str, Any]:
    glue = "suite.contestants.hand"
    formatter = {
        "()": "pythonjsonlogger.json.JsonFormatter",
        "fmt": ["levelname", "name", "message"],
        "rename_fields": {"levelname": "level", "name": "logger"},
        "timestamp": True,
    }
    return {
        "MIDDLEWARE": [f"{glue}.observed", f"{glue}.secured"],
        "LOGGING": log_to_sink(formatter),
    }


def modern_rest() -> dict[str, Any]:
    return {"DMR_SETTINGS": {"validate_responses": False}}


def drf() -> dict[str, Any]:
    return {
        "REST_FRAMEWORK": {
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
            "DEFAULT_AUTHENTICATION_CLASSES": [],
            "DEFAULT_PERMISSION_CLASSES": [],
            # Without django.contrib.auth there is no AnonymousUser.
            "UNAUTHENTICATED_USER": None,
        }
    }


def feature(name: str) -> dict[str, Any]:
    """Return settings with one feature alone."""
    from .contestants.profiles import profile

    used = profile(name)
    base = {"AUTH": None, "DISABLED_FEATURES": disabled(name)}
    return {**used.settings, "NINJA_BOOST": {**base, **used.boost}}


def growth(of: str, routes: int) -> dict[str, Any]:
    return off() if of == "off" else {}
