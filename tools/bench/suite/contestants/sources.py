"""Where FastAPI and Litestar take the rows from; neither brings an ORM.

``orm``: Django's, called inline in the event loop, which is the cheapest way over the same rows
and does the same work for them as for the others; whoever serves many clients must not block the
loop like that. ``sql``: hand-written SQL through the driver alone, without any ORM, which nobody
else here has; it tells how much of a list is the ORM.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from ..cases import SIZE
from ..reading import COLUMNS, assembled, bookings
from ..shapes import FLAT


class NotThere(LookupError):
    """There is no such row."""


class Orm:
    def __init__(self) -> None:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

    def many(self, depth: int) -> Any:
        return list(bookings(depth))

    def one(self, number: int) -> Any:
        from ..store.models import Booking

        try:
            return Booking.objects.get(id=number)
        except Booking.DoesNotExist as error:
            raise NotThere from error


JOINS = (
    "",
    " JOIN store_flight f ON f.id = b.flight_id",
    " JOIN store_airport o ON o.id = f.origin_id JOIN store_airport d ON d.id = f.destination_id",
    " JOIN store_country oc ON oc.id = o.country_id JOIN store_country dc ON dc.id = d.country_id",
)
ALIASES = {
    "flight__origin__country": "oc",
    "flight__destination__country": "dc",
    "flight__origin": "o",
    "flight__destination": "d",
    "flight": "f",
}


def _column(name: str) -> str:
    prefix, _, column = name.rpartition("__")
    return f"{ALIASES.get(prefix, 'b')}.{column}"


def _select(depth: int) -> str:
    columns = ", ".join(_column(name) for name in COLUMNS[depth])
    return f"SELECT {columns} FROM store_booking b{''.join(JOINS[: depth + 1])}"  # noqa: S608


LISTS = tuple(f"{_select(depth)} ORDER BY b.id LIMIT {SIZE}" for depth in range(4))


class Sql:
    """sqlite3 or psycopg on a connection of its own, with the types that Django's columns have."""

    def __init__(self) -> None:
        from django.db import connection

        given = connection.settings_dict
        self.postgresql = connection.vendor == "postgresql"
        if self.postgresql:
            import psycopg

            names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
            where = {key: given[name] for key, name in names.items() if given[name]}
            self.connection: Any = psycopg.connect(
                dbname=given["NAME"], autocommit=True, options="-c timezone=UTC", **where
            )
        else:
            import sqlite3

            self.connection = sqlite3.connect(given["NAME"], uri=True, check_same_thread=False)
        self.place = "%s" if self.postgresql else "?"

    def many(self, depth: int) -> Any:
        found = self.connection.execute(LISTS[depth]).fetchall()
        return assembled(found if self.postgresql else [_typed(row) for row in found], depth)

    def one(self, number: int) -> Any:
        sql = f"{_select(0)} WHERE b.id = {self.place}"
        row = self.connection.execute(sql, (number,)).fetchone()
        if row is None:
            raise NotThere
        return dict(zip(FLAT, row if self.postgresql else _typed(row), strict=True))


def _typed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row of SQLite, which knows neither booleans nor instants, with such."""
    found = list(row)
    found[5] = bool(row[5])
    for index in (7, 10) if len(row) > 8 else (7,):
        found[index] = datetime.fromisoformat(row[index]).replace(tzinfo=UTC)
    return tuple(found)


SOURCES: dict[str, type[Any]] = {"orm": Orm, "sql": Sql}
