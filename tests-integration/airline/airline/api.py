from flights.routers import airports, auth, bookings, countries, flights, status, webhooks
from ninja_boost import AutoAPI, health_router, token_router

api = AutoAPI(
    title="Airline",
    version="1.0",
    description="The airports of the world, some flights between them, and your bookings.",
)
api.add_router("/health", health_router)
api.add_router("/status", status.router)
api.add_router("/auth", auth.router)
api.add_router("/auth", token_router(), tags=["Auth"])
api.add_router("/countries", countries.router)
api.add_router("/airports", airports.router)
api.add_router("/flights", flights.router)
api.add_router("/bookings", bookings.router)
api.add_router("/webhooks", webhooks.router)
