"""The demo's data: airports from the `airportsdata` package, flights by a seeded generator.

Each loader makes its rows what they should be and leaves the others alone, so that a second call
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

import airportsdata
from babel import Locale

from flights.geo import distance_km
from flights.models import Airport, Country, Flight
from flights.text import fold

BATCH = 1000

HUBS = """
ATL LAX ORD DFW DEN JFK SFO SEA MIA YYZ YVR MEX BOG LIM SCL EZE GRU LHR CDG AMS FRA MAD FCO ZRH VIE
CPH OSL ARN HEL IST DXB DOH CAI NBO JNB CPT LOS ADD DEL BOM BKK SIN KUL CGK HKG PEK PVG ICN HND SYD
MEL AKL
"""
ROUTES = 60
FIRST_DAY = datetime(2026, 11, 16, tzinfo=UTC)
DAYS = 21
DAYS_FLOWN = 8
SEED = 20261116

AIRPORT_FIELDS = [
    *("icao", "iata", "name", "city", "subdivision", "country_id", "elevation_ft"),
    *("latitude", "longitude", "timezone", "search"),
]


class Changes(NamedTuple):
    created: int
    updated: int


def airports() -> list[Airport]:
    return [
        Airport(
            icao=row["icao"],
            iata=row["iata"] or None,
            name=row["name"].strip(),
            city=row["city"].strip(),
            subdivision=row["subd"].strip(),
            country_id=row["country"],
            elevation_ft=round(row["elevation"]),
            latitude=row["lat"],
            longitude=row["lon"],
            timezone=row["tz"],
            search=fold(" ".join([row["icao"], row["iata"], row["name"], row["city"]])),
        )
        for row in airportsdata.load("ICAO").values()
    ]


def countries(codes: set[str]) -> list[Country]:
    names = Locale("en").territories
    return [Country(code=code, name=names[code]) for code in sorted(codes)]


def load_countries(wanted: list[Airport]) -> int:
    known = set(Country.objects.values_list("code", flat=True))
    missing = countries({airport.country_id for airport in wanted} - known)
    Country.objects.bulk_create(missing)
    return len(missing)


def load_airports(wanted: list[Airport], progress: Callable[[int], object]) -> Changes:
    """Expects the countries to be there; calls `progress` with the number of rows just seen to."""
    stored = {
        icao: (pk, (icao, *rest))
        for pk, icao, *rest in Airport.objects.values_list("pk", *AIRPORT_FIELDS)
    }
    new, changed = [], []
    for airport in wanted:
        pk, values = stored.get(airport.icao, (None, None))
        if pk is None:
            new.append(airport)
        elif values != tuple(getattr(airport, field) for field in AIRPORT_FIELDS):
            airport.pk = pk
            changed.append(airport)
    progress(len(wanted) - len(new) - len(changed))
    # An IATA code can move from one airport to another: free it before it is given away.
    for batch in batches(changed):
        Airport.objects.filter(pk__in=[airport.pk for airport in batch]).update(iata=None)
    for batch in batches(changed):
        Airport.objects.bulk_update(batch, AIRPORT_FIELDS)
        progress(len(batch))
    for batch in batches(new):
        Airport.objects.bulk_create(batch)
        progress(len(batch))
    return Changes(len(new), len(changed))


def load_flights() -> int:
    codes = HUBS.split()
    hubs = {hub.iata: hub for hub in Airport.objects.filter(iata__in=codes)}
    stored = set(Flight.objects.values_list("number", "departs_at"))
    missing = [
        flight
        for flight in schedule([hubs[code] for code in codes])
        if (flight.number, flight.departs_at) not in stored
    ]
    Flight.objects.bulk_create(missing, batch_size=BATCH)
    return len(missing)


def schedule(hubs: list[Airport]) -> Iterator[Flight]:
    """The same flights for everybody, whatever the day: the first days have been flown."""
    # Of Random's methods, only random() promises the same numbers in every Python.
    draw = Random(SEED).random
    for route in range(ROUTES):
        origin = hubs[int(draw() * len(hubs))]
        destination = hubs[(hubs.index(origin) + 1 + int(draw() * (len(hubs) - 1))) % len(hubs)]
        km = distance_km(
            origin.latitude, origin.longitude, destination.latitude, destination.longitude
        )
        airborne = timedelta(minutes=40 + round(km / 850 * 60 / 5) * 5)
        time_of_day = timedelta(minutes=5 * int(draw() * 288))
        for day in range(DAYS):
            if draw() < 0.5:
                continue
            departs_at = FIRST_DAY + timedelta(days=day) + time_of_day
            seats = 120 + 20 * int(draw() * 10)
            delay, full, gate = draw(), draw(), f"{'ABCDEF'[int(draw() * 6)]}{1 + int(draw() * 40)}"
            flown = day < DAYS_FLOWN
            yield Flight(
                number=f"NB{100 + route}",
                origin=origin,
                destination=destination,
                departs_at=departs_at,
                arrives_at=departs_at + airborne,
                departed_at=departs_at + timedelta(minutes=int(delay * 45)) if flown else None,
                gate=gate if flown or day < 2 * DAYS_FLOWN else None,
                price=Decimal(2500 + int(km * 8 * (0.7 + draw()))) / 100,
                seats=seats,
                seats_left=0 if full < 0.05 else int(full * seats),
            )


def batches(rows: list[Airport]) -> Iterator[list[Airport]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
