"""The rows that all contestants serve, and the JSON that each must answer.

Nothing here comes from a framework: the expected answers are made from the same numbers as the
rows, and instants are whole seconds in UTC, which every library spells in the same way.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

BOOKINGS = 1000
FLIGHTS, AIRPORTS, COUNTRIES = 60, 24, 6
WIDE, COLUMNS = 100, 30

EPOCH = datetime(2026, 1, 1, 6, tzinfo=UTC)


def instant(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def country(number: int) -> dict[str, Any]:
    return {"id": number, "code": f"C{number}", "name": f"Country {number}"}


def airport(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "code": f"A{number:02}",
        "city": f"City {number}",
        "country_id": 1 + number % COUNTRIES,
    }


def flight(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "number": f"XY{number:03}",
        "departs_at": EPOCH + timedelta(hours=number),
        "origin_id": 1 + number % AIRPORTS,
        "destination_id": 1 + (number + 7) % AIRPORTS,
    }


def booking(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "reference": f"R{number:06}",
        "passenger": f"Zoë Passenger {number}",
        "seat": f"{1 + number % 40}A",
        "baggage_kg": number % 30 + 0.5,
        "paid": number % 3 > 0,
        "miles": None if number % 5 == 0 else number * 10,
        "booked_at": EPOCH + timedelta(minutes=number),
        "flight_id": 1 + number % FLIGHTS,
    }


def wide(number: int) -> dict[str, Any]:
    """Return a row of COLUMNS columns, of five types in turns."""
    row: dict[str, Any] = {}
    for column in range(1, COLUMNS + 1):
        row[f"c{column:02}"] = (
            number * column,
            f"text {column} of {number}",
            number / 4 + column,
            (number + column) % 2 == 0,
            EPOCH + timedelta(seconds=number * column),
        )[column % 5]
    return row


def flat_json(number: int) -> dict[str, Any]:
    """Return a booking as JSON has it, without its flight."""
    row = booking(number)
    del row["flight_id"]
    return {**row, "booked_at": instant(row["booked_at"])}


def nested_json(number: int, depth: int) -> dict[str, Any]:
    """Return a booking with ``depth`` levels of objects below it, 0 to 3."""
    row = flat_json(number)
    if depth:
        row["flight"] = _flight_json(booking(number)["flight_id"], depth - 1)
    return row


def _flight_json(number: int, depth: int) -> dict[str, Any]:
    row = flight(number)
    ends = {"origin": row.pop("origin_id"), "destination": row.pop("destination_id")}
    found = {**row, "departs_at": instant(row["departs_at"])}
    if depth:
        found |= {name: _airport_json(end, depth - 1) for name, end in ends.items()}
    return found


def _airport_json(number: int, depth: int) -> dict[str, Any]:
    row = airport(number)
    home = row.pop("country_id")
    return {**row, "country": country(home)} if depth else row


def wide_json(number: int, columns: int) -> dict[str, Any]:
    row = list(wide(number).items())[:columns]
    return {k: instant(v) if isinstance(v, datetime) else v for k, v in row}
