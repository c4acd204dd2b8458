"""How each feature of ours is used when it is measured alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cases import BY_NAME, Request
from ..credentials import RATE, SECRET, STAFF, bearer, log_to_sink

View = Callable[..., Any]


def staff(request: Any) -> Any:
    """Authenticate everybody at no cost, for features that ask who it is."""
    return STAFF


@dataclass(frozen=True)
class Profile:
    """How a feature is used.

    Attributes:
        case: what is asked; the features-off API answers the same for comparison.
        boost: settings in NINJA_BOOST; ``settings`` are Django's.
        options: of the router.
        decorate: returns the view's decorator; it is called when Django is set up.
        unique: a header that has another value in each request.
    """

    case: str = "tiny"
    boost: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    decorate: Callable[[], Callable[[View], View]] | None = None
    headers: Callable[[], Mapping[str, str]] = dict
    unique: str | None = None


def logged(formatter: str = "ninja_boost_logging.StructuredJsonFormatter") -> dict[str, Any]:
    return log_to_sink({"()": formatter})


def cached() -> Callable[[View], View]:
    from ninja_boost_caching import cache_response

    return cache_response(ttl=3600)


def idempotent() -> Callable[[View], View]:
    from ninja_boost_idempotency import idempotent

    return idempotent(allow_anonymous=True)


def with_policy() -> Callable[[View], View]:
    from ninja_boost_policies import BasePolicy, policy, policy_registry

    class ThingPolicy(BasePolicy):
        resource_name = "thing"

        def view(self, request, ctx, obj=None):
            return True

    policy_registry.register(ThingPolicy())
    return policy("thing", "view")


def with_service() -> Callable[[View], View]:
    from ninja_boost_services import BoostService, inject_service, service_registry

    class Clock(BoostService):
        name = "clock"

    service_registry.register(Clock())
    return inject_service("clock")


def with_plugin() -> Callable[[View], View]:
    from ninja_boost_plugins import BoostPlugin, plugin_registry

    class Quiet(BoostPlugin):
        name = "quiet"

        def on_request(self, request, ctx, **kw): ...

        def on_response(self, request, ctx, response, **kw): ...

    plugin_registry.register(Quiet())
    return lambda view: view


def versioned() -> Callable[[View], View]:
    from ninja_boost_versioning import require_version

    return require_version("1", header="X-API-Version")


def verified() -> Callable[[View], View]:
    from ninja_boost_webhooks import verify_webhook

    return verify_webhook(SECRET, replay="allow")


def signed() -> Mapping[str, str]:
    body = BY_NAME["post"].request.body
    return {"X-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


PROFILES = {
    "audit": Profile(
        options={"audit": "bench.tiny"}, settings={"LOGGING": logged("logging.Formatter")}
    ),
    "caching": Profile(decorate=cached),
    "idempotency": Profile("post", decorate=idempotent, unique="Idempotency-Key"),
    "jwt": Profile(
        boost={"AUTH": "ninja_boost_jwt.JWTAuth"},
        settings={"JWT_SECRET_KEY": SECRET},
        headers=lambda: {"Authorization": bearer(STAFF)},
    ),
    "lifecycle": Profile(
        settings={"MIDDLEWARE": ["ninja_boost_lifecycle.middleware.LifecycleMiddleware"]}
    ),
    "logging": Profile(
        settings={"MIDDLEWARE": ["ninja_boost_logging.LoggingMiddleware"], "LOGGING": logged()}
    ),
    "metrics": Profile(
        boost={"METRICS": {"BACKEND": "ninja_boost_metrics.PrometheusBackend"}},
        settings={"MIDDLEWARE": ["ninja_boost_metrics.MetricsMiddleware"]},
    ),
    "pagination": Profile("list"),
    "permissions": Profile(boost={"AUTH": staff}, options={"permissions": "IsStaff"}),
    "plugins": Profile(decorate=with_plugin),
    "policies": Profile(boost={"AUTH": staff}, decorate=with_policy),
    "rate_limiting": Profile(boost={"RATE_LIMIT": {"DEFAULT": f"{RATE}/minute"}}),
    "security_headers": Profile(
        settings={
            "MIDDLEWARE": ["ninja_boost_security_headers.middleware.SecurityHeadersMiddleware"]
        }
    ),
    "services": Profile(decorate=with_service),
    "tracing": Profile(settings={"MIDDLEWARE": ["ninja_boost_tracing.TracingMiddleware"]}),
    "versioning": Profile(decorate=versioned, headers=lambda: {"X-API-Version": "1"}),
    "webhooks": Profile("post", decorate=verified, headers=signed),
}
"""A feature that is not here costs requests nothing by itself, or so it is measured."""


def profile(feature: str) -> Profile:
    return PROFILES.get(feature, Profile())


def request(feature: str) -> Request:
    used = profile(feature)
    asked = BY_NAME[used.case].request
    headers = {**asked.headers, **used.headers()}
    return Request(asked.path, asked.method, headers, asked.body, used.unique)
