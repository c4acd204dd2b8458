"""The endpoints."""

from __future__ import annotations

from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router

from ninja_boost_core.client_address import client_address
from ninja_boost_core.conf import boost_settings
from ninja_boost_core.features import without_features
from ninja_boost_core.steps import arun

from .drain import is_draining
from .registry import checks
from .runner import Result, Runner
from .settings import HealthSettings

__all__ = ["health_router", "runner"]

health_router: Router = Router(tags=["Health"], auth=None)
"""``api.add_router("/health", health_router)``: /live, /ready, /startup and /."""

runner: Runner = Runner()
_started_up = False


def _documented(*statuses: int) -> dict[str, Any]:
    body = {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"enum": ["ok", "degraded", "unavailable", "draining"]},
            "checks": {"type": "object", "description": "For those who may see the details."},
        },
    }
    content = {"application/json": {"schema": body}}
    return {
        "responses": {
            status: {"description": HTTPStatus(status).phrase, "content": content}
            for status in statuses
        }
    }


@health_router.get("/live", openapi_extra=_documented(200))
@without_features("rate_limiting", "idempotency", "caching", "audit")
async def live(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is looked at: a restart would mend nothing else."""
    return _answer(200, {"status": "ok"})


@health_router.get("/ready", openapi_extra=_documented(200, 503))
@without_features("rate_limiting", "idempotency", "caching", "audit")
async def ready(request: HttpRequest) -> HttpResponse:
    """Whether requests may be sent here: no critical check fails, and nobody drains."""
    return await _report(request)


@health_router.get("/startup", openapi_extra=_documented(200, 503))
@without_features("rate_limiting", "idempotency", "caching", "audit")
async def startup(request: HttpRequest) -> HttpResponse:
    """Whether the process has ever been ready; from then on it stays so."""
    if _started_up:
        return _answer(200, {"status": "ok"})
    return await _report(request)


@health_router.get("/", openapi_extra=_documented(200, 503))
@without_features("rate_limiting", "idempotency", "caching", "audit")
async def status(request: HttpRequest) -> HttpResponse:
    """The same as /ready; staff, the NETWORKS and everybody under DEBUG see each check."""
    return await _report(request)


async def _report(request: HttpRequest) -> HttpResponse:
    global _started_up
    results = await arun(runner.results(checks()))
    code, state = _verdict(results)
    if code == 200:
        _started_up = True
    if is_draining():
        code, state = 503, "draining"
    body: dict[str, Any] = {"status": state}
    if await _sees_details(request):
        body["checks"] = {result.check.name: _shown(result) for result in results}
    return _answer(code, body)


def _verdict(results: list[Result]) -> tuple[int, str]:
    if any(not result.ok and result.check.critical for result in results):
        return 503, "unavailable"
    return 200, "ok" if all(result.ok for result in results) else "degraded"


def _shown(result: Result) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "status": "ok" if result.ok else "failed",
        "critical": result.check.critical,
        "duration_ms": round(result.duration * 1000.0, 1),
    }
    if result.detail is not None:
        shown["detail"] = result.detail
    return shown


async def _sees_details(request: HttpRequest) -> bool:
    if settings.DEBUG:
        return True
    networks = boost_settings.section(HealthSettings).HEALTH.NETWORKS
    address = client_address(request) if networks else None
    if address is not None and any(ip_address(address) in network for network in networks):
        return True
    # Without a session there is nobody to look up, and a probe must not need the database.
    if not hasattr(request, "auser") or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    user = await request.auser()
    return bool(user.is_active and getattr(user, "is_staff", False))


def _answer(code: int, body: dict[str, Any]) -> HttpResponse:
    response = JsonResponse(body, status=code)
    response["Cache-Control"] = "no-store"
    if code == 503:
        response["Retry-After"] = "1"
        # Our log says when a check begins to fail; Django would log every probe as an error.
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response
