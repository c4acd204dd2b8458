"""What is asked, and what must be answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import rows

SIZE = 100


@dataclass(frozen=True)
class Request:
    """One HTTP request. ``unique`` names a header that has another value each time."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    unique: str | None = None


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    request: Request
    expected: Callable[[], Any]


TINY = {"status": "up", "version": 7}
POSTED = {
    "reference": "R000042",
    "passenger": "Zoë Passenger",
    "seat": "12A",
    "baggage_kg": 23.5,
    "paid": True,
    "miles": None,
}


def bookings(depth: int = 0, count: int = SIZE) -> Callable[[], Any]:
    return lambda: [rows.nested_json(number, depth) for number in range(1, count + 1)]


def post(path: str, body: Any) -> Request:
    content = json.dumps(body).encode()
    return Request(path, "POST", {"Content-Type": "application/json"}, content)


# Those who paginate read the size; to the others it is an unknown parameter, which they ignore.
PAGE = f"?size={SIZE}"

CASES = (
    Case("tiny", "tiny dict", Request("/api/tiny"), lambda: TINY),
    Case("list", "100 flat rows", Request(f"/api/bookings{PAGE}"), bookings()),
    Case("instances", "100 instances", Request(f"/api/instances{PAGE}"), bookings()),
    Case("nested", "100 with FK object", Request(f"/api/nested{PAGE}"), bookings(1)),
    Case("deep", "100, nested 3 deep", Request(f"/api/deep{PAGE}"), bookings(3)),
    Case("post", "POST, 6 fields", post("/api/bookings", POSTED), lambda: POSTED),
    Case("detail", "one by id", Request("/api/bookings/7"), lambda: rows.flat_json(7)),
)
BY_NAME = {case.name: case for case in CASES}


def unwrapped(answer: Any) -> Any:
    """Return what is in the envelope and on the page, where there are such."""
    if isinstance(answer, dict) and answer.keys() == {"ok", "data"} and answer["ok"] is True:
        answer = answer["data"]
    if isinstance(answer, dict) and {"items", "page", "size", "total", "pages"} == answer.keys():
        page = {name: answer[name] for name in ("page", "size", "total", "pages")}
        if page != {"page": 1, "size": SIZE, "total": rows.BOOKINGS, "pages": 10}:
            raise AssertionError(f"This is no honest page: {page}")
        answer = answer["items"]
    return answer
