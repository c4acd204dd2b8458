"""What planned querysets cost beside those that a person tuned by hand, and beside naive ones.

Run it in an environment with the packages:

    python tools/bench/queries.py [--rounds N] [sqlite] [postgresql]

The same view on the same AutoRouter, three times: it returns a bare queryset; with the relations
that a person would name; and bare again with ``queries=True``. All answer the same. A request goes
through Django's handler in this process, without middleware, and its whole time is measured, that
in the database included. The ratios are those of rounds, in which all take their turns: above 1,
planned is faster.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measuring import in_turns, ratios, spread, timed, wsgi_asker, wsgi_environ
from suite import databases
from suite.building import configure

CALLS = 20
WAYS = ("naive", "by hand", "planned")


def views(router: Any) -> None:
    """Register each case on an AutoRouter, in its three ways."""
    from django.db.models import Prefetch, QuerySet
    from ninja import Schema
    from suite.store.models import Airport, Booking, Country, Flight

    class Named(Schema):
        name: str

    class AirportOut(Schema):
        code: str
        country: Named

    class FlightOut(Schema):
        number: str
        route: str
        origin: AirportOut
        destination: AirportOut

        @staticmethod
        def resolve_route(flight: Flight) -> str:
            return f"{flight.origin.code}-{flight.destination.code}"

    class BookingOut(Schema):
        reference: str
        flight: FlightOut

    class Passenger(Schema):
        passenger: str

    class Manifest(Schema):
        number: str
        origin: AirportOut
        booking_set: list[Passenger]

    class Leg(Schema):
        number: str
        destination: AirportOut

    class Hub(Schema):
        code: str
        departures: list[Leg]

    class Region(Schema):
        name: str
        airport_set: list[Hub]

    flight = ("flight__origin__country", "flight__destination__country")
    legs = Prefetch("departures", Flight.objects.select_related("destination__country"))
    hubs = Prefetch("airport_set", Airport.objects.prefetch_related(legs))
    bookings = Booking.objects.filter(pk__lte=100).order_by("pk")
    flights = Flight.objects.order_by("pk")
    countries = Country.objects.order_by("pk")
    cases: dict[str, tuple[Any, QuerySet[Any], Callable[[], QuerySet[Any]]]] = {
        "keys": (BookingOut, bookings, lambda: bookings.select_related(*flight)),
        "lists": (
            Manifest,
            flights,
            lambda: flights.select_related("origin__country").prefetch_related("booking_set"),
        ),
        "levels": (Region, countries, lambda: countries.prefetch_related(hubs)),
    }
    for name, (schema, bare, by_hand) in cases.items():
        given = {"naive": bare.all, "by hand": by_hand, "planned": bare.all}
        for way, make in given.items():
            path = f"/{name}/{way.replace(' ', '-')}"
            options = {"paginate": False, "queries": way == "planned"}
            router.get(path, response=list[schema], **options)(view(make))


def view(make: Callable[[], Any]) -> Callable[[Any], Any]:
    def rows(request):
        return make()

    return rows


def count(ask: Callable[[], Any]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


def run(engine: str, database: dict[str, Any], rounds: int) -> None:
    """Measure on one database; in a process of its own, because settings are made once."""
    configure(database, ROOT_URLCONF=__name__, NINJA_BOOST={"AUTH": None})
    from django.core.wsgi import get_wsgi_application
    from django.urls import path

    from ninja_boost import AutoAPI, AutoRouter

    router, api = AutoRouter(), AutoAPI()
    views(router)
    api.add_router("", router)
    sys.modules[__name__].urlpatterns = [path("api/", api.urls)]
    application = get_wsgi_application()

    print(f"\n{engine}: {'case':10}{'statements':>26}{'planned us':>12}", end="")
    print(f"{'naive / planned':>22}{'by hand / planned':>22}   quartiles, {rounds} rounds")
    for name in ("keys", "lists", "levels"):
        asks = {
            way: wsgi_asker(application, wsgi_environ(f"/api/{name}/{way.replace(' ', '-')}"))
            for way in WAYS
        }
        answers = {way: ask() for way, ask in asks.items()}
        assert all(status.startswith("200") for status, _, _ in answers.values()), answers
        data = [json.loads(body) for _, _, body in answers.values()]
        assert data[0] == data[1] == data[2], name
        numbers = ", ".join(f"{way} {count(ask)}" for way, ask in asks.items())
        times = in_turns(
            {way: (lambda ask=ask: timed(ask, CALLS).wall) for way, ask in asks.items()}, rounds
        )
        print(f"  {name:10}{numbers:>36}{spread(times['planned']).median:12.0f}", end="")
        for way in ("naive", "by hand"):
            low, middle, high = ratios(times[way], times["planned"])
            print(f"{middle:10.2f} ({low:.2f}-{high:.2f})", end="")
        print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("engines", nargs="*", default=databases.ENGINES, metavar="engine")
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as directory:
        for engine in options.engines:
            with databases.prepared(engine, Path(directory), context):
                database = databases.settings(engine, Path(directory))
                process = context.Process(target=run, args=(engine, database, options.rounds))
                process.start()
                process.join()
                if process.exitcode:
                    raise SystemExit(process.exitcode)


if __name__ == "__main__":
    main()
