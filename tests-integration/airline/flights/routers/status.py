from typing import Any

from django.http import HttpRequest

from flights.models import Airport, Flight
from flights.schemas import StatusOut
from ninja_boost import AutoRouter

router = AutoRouter(tags=["Status"])


@router.get("", auth=None, inject=False, paginate=False, response=StatusOut)
def status(request: HttpRequest) -> dict[str, Any]:
    return {"status": "ok", "airports": Airport.objects.count(), "flights": Flight.objects.count()}
