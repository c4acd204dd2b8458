"""The departures of an airport in two versions: the view is written for the newest."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import ModelSchema, Schema

from flights.models import Airport, Flight
from flights.schemas import AirportBrief, Icao
from ninja_boost import AutoRouter
from ninja_boost.responses import ErrorEnvelope
from ninja_boost.versioning import VersionChange

router = AutoRouter(tags=["Departures"], auth=None)


class Departure(ModelSchema):
    destination: AirportBrief

    class Meta:
        model = Flight
        fields = ["number", "departs_at", "departed_at", "gate"]


class DepartureV1(Schema):
    """As it was: the code of the destination, and no word of whether the flight has left."""

    number: str
    departs_at: datetime
    gate: str | None
    to: str


changes = [
    VersionChange(
        "v2",
        newer=Departure,
        older=DepartureV1,
        downgrade=lambda departure: {**departure, "to": departure["destination"]["icao"]},
    )
]


@router.get("/{icao}/departures", response={200: list[Departure], 404: ErrorEnvelope})
def list_departures(request: HttpRequest, ctx: dict[str, Any], icao: Icao) -> QuerySet[Flight]:
    airport = get_object_or_404(Airport, icao=icao)
    return airport.departures.select_related("destination")
