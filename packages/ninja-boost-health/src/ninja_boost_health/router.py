"""The endpoints."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from ninja_boost_core.client_address import client_address
from ninja_boost_core.conf import boost_settings
from ninja_boost_core.features import without_features
from ninja_boost_core.steps import arun

from .drain import is_draining
from .registry import checks
from .runner import Result, Runner
from .settings import HealthSettings

try:
    from ninja import Status
except ImportError:  # Ninja 1.5 has the tuple only.

    def Status(code: int, value: Any) -> Any:  # type: ignore[no-redef]  # noqa: N802
        return code, value


__all__ = ["HealthOut", "health_router", "new_health_router", "runner"]

runner: Runner = Runner()
_started_up = False


class HealthOut(Schema):
    """What a probe is told; ``checks`` is for those who may see the details."""

    status: Literal["ok", "degraded", "unavailable", "draining"]
    checks: dict[str, dict[str, Any]] | None = None


_LEFT_OUT = without_features("rate_limiting", "idempotency", "caching", "audit")
_OPTIONS: dict[str, Any] = {"response": {200: HealthOut, 503: HealthOut}, "exclude_none": True}


@_LEFT_OUT
async def live(request: HttpRequest, response: HttpResponse) -> Any:
    """The process answers. Nothing else is looked at: a restart would mend nothing else."""
    return _answer(response, 200, {"status": "ok"})


@_LEFT_OUT
async def ready(request: HttpRequest, response: HttpResponse) -> Any:
    """Whether requests may be sent here: no critical check fails, and nobody drains."""
    return await _report(request, response)


@_LEFT_OUT
async def startup(request: HttpRequest, response: HttpResponse) -> Any:
    """Whether the process has ever been ready; from then on it stays so."""
    if _started_up:
        return _answer(response, 200, {"status": "ok"})
    return await _report(request, response)


@_LEFT_OUT
async def status(request: HttpRequest, response: HttpResponse) -> Any:
    """The same as /ready; staff, the NETWORKS and everybody under DEBUG see each check."""
    return await _report(request, response)


def new_health_router() -> Router:
    """Return a router with the endpoints, for each API its own: Ninja 1.5 mounts a router once."""
    router = Router(tags=["Health"], auth=None)
    router.get("/live", response=HealthOut, exclude_none=True)(live)
    for path, view in (("/ready", ready), ("/startup", startup), ("/", status)):
        router.get(path, **_OPTIONS)(view)
    return router


health_router: Router = new_health_router()
"""``api.add_router("/health", health_router)``: /live, /ready, /startup and /."""


async def _report(request: HttpRequest, response: HttpResponse) -> Any:
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
    return _answer(response, code, body)


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


def _answer(response: HttpResponse, code: int, body: dict[str, Any]) -> Any:
    response["Cache-Control"] = "no-store"
    if code == 503:
        response["Retry-After"] = "1"
        # Our log says when a check begins to fail; Django would log every probe as an error.
        response._has_been_logged = True  # type: ignore[attr-defined]
    return Status(code, body)
