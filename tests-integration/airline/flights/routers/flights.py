from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query

from flights.models import Flight
from flights.schemas import FlightFilters, FlightOut, Id
from ninja_boost import AutoRouter
from ninja_boost.responses import ErrorEnvelope

router = AutoRouter(tags=["Flights"], auth=None)

FLIGHTS = Flight.objects.select_related("origin", "destination")


@router.get("", response=list[FlightOut])
def list_flights(
    request: HttpRequest, ctx: dict[str, Any], filters: Query[FlightFilters]
) -> QuerySet[Flight]:
    return filters.filter(FLIGHTS.all())


@router.get("/{flight_id}", response={200: FlightOut, 404: ErrorEnvelope})
def get_flight(request: HttpRequest, ctx: dict[str, Any], flight_id: Id) -> Flight:
    return get_object_or_404(FLIGHTS, pk=flight_id)
