"""Three levels of relations, and no word of them in the view: they are planned from the schema."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from ninja import ModelSchema

from flights.models import Airport, Flight
from flights.schemas import CountryOut
from ninja_boost import AutoRouter

router = AutoRouter(tags=["Connections"], auth=None, queries=True)


class Destination(ModelSchema):
    city: str
    country: CountryOut

    class Meta:
        model = Airport
        fields = ["icao", "name"]


class Connection(ModelSchema):
    destination: Destination

    class Meta:
        model = Flight
        fields = ["number", "departs_at", "arrives_at"]


class Hub(ModelSchema):
    city: str
    departures: list[Connection]

    class Meta:
        model = Airport
        fields = ["icao", "name"]


@router.get("", response=list[Hub])
def list_connections(request: HttpRequest, ctx: dict[str, Any]) -> QuerySet[Airport]:
    """Each airport with departures, these with their destinations, and these with their country."""
    return Airport.objects.filter(Exists(Flight.objects.filter(origin=OuterRef("pk"))))
