"""The queries: as model instances, as dictionaries, and as hand-written SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .cases import SIZE
from .shapes import FLAT
from .store.models import Booking

ENDS = ("flight__origin", "flight__destination")
RELATED: tuple[tuple[str, ...], ...] = (
    (),
    ("flight",),
    ENDS,
    tuple(f"{end}__country" for end in ENDS),
)


def all_bookings(depth: int = 0) -> Any:
    """Return the queryset that a careful person writes: joined, ordered, not sliced yet."""
    found = Booking.objects.order_by("id")
    return found.select_related(*RELATED[depth]) if depth else found


def bookings(depth: int = 0, count: int = SIZE) -> Any:
    return all_bookings(depth)[:count]


def _columns(depth: int) -> tuple[str, ...]:
    """Return the columns of a row of ``depth``, in the order in which ``assembled`` reads them."""
    names: list[str] = list(FLAT)
    if depth:
        names += [f"flight__{name}" for name in ("id", "number", "departs_at")]
    for end in ENDS if depth > 1 else ():
        names += [f"{end}__{name}" for name in ("id", "code", "city")]
        if depth > 2:
            names += [f"{end}__country__{name}" for name in ("id", "code", "name")]
    return tuple(names)


COLUMNS = tuple(_columns(depth) for depth in range(4))


def values(depth: int = 0, count: int = SIZE) -> Any:
    """Return a queryset of dictionaries, or of tuples where ``assembled`` has work to do."""
    found = Booking.objects.order_by("id")
    if not depth:
        return found.values(*FLAT)[:count]
    return found.values_list(*COLUMNS[depth])[:count]


def assembled(found: Iterable[Sequence[Any]], depth: int) -> list[dict[str, Any]]:
    """Return dictionaries with objects in them, from the tuples of a joined query."""
    if depth == 0:
        return [dict(zip(FLAT, row, strict=True)) for row in found]
    if depth == 1:
        return [
            {
                **dict(zip(FLAT, row, strict=False)),
                "flight": {"id": row[8], "number": row[9], "departs_at": row[10]},
            }
            for row in found
        ]
    width = 3 if depth == 2 else 6
    return [
        {
            **dict(zip(FLAT, row, strict=False)),
            "flight": {
                "id": row[8],
                "number": row[9],
                "departs_at": row[10],
                "origin": _airport(row[11 : 11 + width]),
                "destination": _airport(row[11 + width :]),
            },
        }
        for row in found
    ]


def _airport(row: Sequence[Any]) -> dict[str, Any]:
    found = {"id": row[0], "code": row[1], "city": row[2]}
    if len(row) > 3:
        found["country"] = {"id": row[3], "code": row[4], "name": row[5]}
    return found
