from typing import Any

from django.http import HttpRequest

from flights.models import Airport, Flight
from flights.schemas import StatusOut
from ninja_boost import AutoRouter
from ninja_boost.versioning import deprecated

router = AutoRouter(tags=["Status"])


@router.get("", auth=None, inject=False, paginate=False, response=StatusOut)
@deprecated(since="2026-11-01", sunset="2027-05-01", replacement="/api/health/ready")
def status(request: HttpRequest) -> dict[str, Any]:
    """Older than the health probes, and still what some ask."""
    return {"status": "ok", "airports": Airport.objects.count(), "flights": Flight.objects.count()}
