from django.conf import settings
from ninja import Redoc, Swagger

from flights.routers import (
    airports,
    auth,
    bookings,
    connections,
    countries,
    departures,
    flights,
    status,
    webhooks,
)
from ninja_boost import AutoAPI, health_router, token_router
from ninja_boost.versioning import versioned_api

api = AutoAPI(
    title="Airline",
    version="1.0",
    description="The airports of the world, some flights between them, and your bookings.",
    docs=Redoc() if settings.AIRLINE_DOCS == "redoc" else Swagger(),
)
api.add_router("/health", health_router)
api.add_router("/status", status.router)
api.add_router("/auth", auth.router)
api.add_router("/auth", token_router(), tags=["Auth"])
api.add_router("/countries", countries.router)
api.add_router("/airports", airports.router)
api.add_router("/connections", connections.router)
api.add_router("/flights", flights.router)
api.add_router("/bookings", bookings.router)
api.add_router("/webhooks", webhooks.router)

# What is still changing has its version in the URL, and a document for each.
versions = versioned_api(
    ["v1", "v2"], title="Airline departures", changes=departures.changes, urls_namespace="airline"
)
for each in versions.values():
    each.add_router("/airports", departures.router)
