from typing import Annotated, Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field

from flights.exports import csv_lines, streamed
from flights.geo import distance_km, latitude_band, longitude_ranges
from flights.models import Airport
from flights.schemas import (
    AirportFilters,
    AirportIn,
    AirportNearby,
    AirportOut,
    CountryCode,
    Icao,
    Latitude,
    Longitude,
)
from flights.text import fold
from ninja_boost import (
    AutoRouter,
    IsStaff,
    cache_response,
    cursor_paginate,
    rate_limit,
    require,
)
from ninja_boost.caching import cache_manager
from ninja_boost.integrations import JWTAuth
from ninja_boost.responses import ErrorEnvelope

router = AutoRouter(tags=["Airports"], auth=None)


@router.get("", response=list[AirportOut])
@cache_response("10m", key="shared", tags=["airports"], stale="1m")
@rate_limit(settings.AIRLINE_SEARCH_RATE, exempt=lambda request: "q" not in request.GET)
def list_airports(
    request: HttpRequest, ctx: dict[str, Any], filters: Query[AirportFilters]
) -> QuerySet[Airport]:
    return filters.filter(Airport.objects.select_related("country"))


@router.get("/feed", response=list[AirportOut], paginate=False)
@cursor_paginate(fields=["-elevation_ft", "iata"])
def feed(request: HttpRequest, ctx: dict[str, Any]) -> QuerySet[Airport]:
    """From the highest airport down, by cursor; most of them have no IATA code."""
    return Airport.objects.select_related("country")


@router.get("/nearest", response=list[AirportNearby], paginate=False)
async def nearest(
    request: HttpRequest,
    ctx: dict[str, Any],
    latitude: Latitude,
    longitude: Longitude,
    radius_km: Annotated[float, Field(gt=0, le=500)] = 100,
    limit: Annotated[int, Field(ge=1, le=100)] = 10,
) -> list[dict[str, Any]]:
    box = Q()
    for west, east in longitude_ranges(latitude, longitude, radius_km):
        box |= Q(longitude__range=(west, east))
    candidates = Airport.objects.filter(box, latitude__range=latitude_band(latitude, radius_km))
    nearby: list[tuple[float, Airport]] = []
    async for airport in candidates:
        km = distance_km(latitude, longitude, airport.latitude, airport.longitude)
        if km <= radius_km:
            nearby.append((km, airport))
    nearby.sort(key=lambda pair: (pair[0], pair[1].icao))
    return [{"airport": airport, "distance_km": round(km, 3)} for km, airport in nearby[:limit]]


@router.get(
    "/export.csv",
    paginate=False,
    response={200: None},
    openapi_extra={"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
def export(
    request: HttpRequest, ctx: dict[str, Any], country: CountryCode | None = None
) -> StreamingHttpResponse:
    """All airports, or those of one country, as one CSV file of RFC 4180."""
    airports = Airport.objects.order_by("icao")
    if country is not None:
        airports = airports.filter(country_id=country)
    fields = ("icao", "iata", "name", "city", "country_id", "elevation_ft", "latitude", "longitude")
    rows = airports.values_list(*fields).iterator(chunk_size=1000)
    return StreamingHttpResponse(
        streamed(request, csv_lines(fields, rows)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="airports.csv"'},
    )


@router.patch("/{icao}", auth=JWTAuth(), response={200: AirportOut, 404: ErrorEnvelope})
@require(IsStaff)
def rename_airport(
    request: HttpRequest, ctx: dict[str, Any], icao: Icao, payload: AirportIn
) -> Airport:
    """The lists that are cached are made anew from the moment that this is committed."""
    airport = get_object_or_404(Airport.objects.select_related("country"), icao=icao)
    airport.name = payload.name
    airport.search = fold(" ".join([airport.icao, airport.iata or "", airport.name, airport.city]))
    airport.save()
    cache_manager.invalidate_tags("airports")
    return airport


@router.get("/{icao}", response={200: AirportOut, 404: ErrorEnvelope})
def get_airport(request: HttpRequest, ctx: dict[str, Any], icao: Icao) -> Airport:
    return get_object_or_404(Airport.objects.select_related("country"), icao=icao)
