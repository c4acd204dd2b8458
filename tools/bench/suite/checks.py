"""What must hold before anything is measured: all answer the same, and "everything on" is on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from .callers import Answer
from .cases import BY_NAME, Case, Request, unwrapped
from .contestants import Contestant
from .credentials import CUSTOMER, STAFF, bearer
from .worker import Worker


class Unequal(AssertionError):
    """A contestant does not answer what it should."""


def request_for(contestant: Contestant, request: Request) -> Request:
    """Return the request as this contestant needs it: with a token where one is asked for."""
    if not contestant.full:
        return request
    return replace(request, headers={**request.headers, "Authorization": bearer(STAFF)})


def difference(found: Any, expected: Any, where: str = "$") -> str:
    """Return where two JSON values differ first, or an empty string."""
    if type(found) is not type(expected):
        return f"{where} is {found!r:.120}, not {expected!r:.120}"
    if isinstance(found, dict):
        if found.keys() != expected.keys():
            return f"{where} has the keys {sorted(found)}, not {sorted(expected)}"
        inner = ((f"{where}.{key}", found[key], expected[key]) for key in expected)
    elif isinstance(found, list):
        if len(found) != len(expected):
            return f"{where} has {len(found)} items, not {len(expected)}"
        pairs = zip(found, expected, strict=True)
        inner = ((f"{where}[{index}]", *pair) for index, pair in enumerate(pairs))
    else:
        return "" if found == expected else f"{where} is {found!r:.120}, not {expected!r:.120}"
    return next(filter(None, (difference(a, b, place) for place, a, b in inner)), "")


def check_answer(name: str, answer: Answer, expected: Any) -> None:
    """Raise Unequal unless it is 200, JSON, and parses to what is expected."""
    kind = {key.lower(): value for key, value in answer.headers.items()}.get("content-type", "")
    if answer.status != 200 or not kind.startswith("application/json"):
        raise Unequal(f"{name} answers {answer.status} {kind}: {answer.body[:300]!r}")
    try:
        found = unwrapped(json.loads(answer.body))
    except AssertionError as error:
        raise Unequal(f"{name}: {error}") from error
    if differs := difference(found, expected):
        raise Unequal(f"{name}: {differs}")


def check_case(worker: Worker, case: Case) -> None:
    contestant = worker.spec.contestant
    answer = worker.ask("answer", request_for(contestant, case.request))
    where = f"{contestant.name}, {case.name} by {worker.spec.interface}"
    check_answer(where, answer, case.expected())


EVIDENT = (
    "X-Trace-Id",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Permissions-Policy",
    "Cross-Origin-Resource-Policy",
    "Content-Security-Policy",
)
LOGGED = {"method": "GET", "path": "/api/tiny", "status": 200, "user_id": 7}


def check_full(worker: Worker) -> None:
    """Raise Unequal unless the features of an everything-on contestant all show.

    Strangers get 401 and customers 403, errors are enveloped, each answer has its headers, is
    counted, and leaves one line of JSON with the same trace id.
    """
    tiny, name = BY_NAME["tiny"].request, worker.spec.contestant.name
    for headers, status in (({}, 401), ({"Authorization": bearer(CUSTOMER)}, 403)):
        refused: Answer = worker.ask("answer", replace(tiny, headers=headers))
        body = json.loads(refused.body)
        if (refused.status, body.get("ok"), body.get("code")) != (status, False, status):
            raise Unequal(f"{name} answers {refused.status} and not {status}: {body}")
    before = worker.ask("evidence")["counted"]
    answer: Answer = worker.ask("answer", request_for(worker.spec.contestant, tiny))
    if json.loads(answer.body).get("ok") is not True:
        raise Unequal(f"{name} has no envelope: {answer.body!r}")
    sent = {key.lower(): value for key, value in answer.headers.items()}
    missing = [header for header in EVIDENT if header.lower() not in sent]
    if missing:
        raise Unequal(f"{name} does not send {missing}")
    evidence = worker.ask("evidence")
    if evidence["counted"] != before + 1:
        raise Unequal(f"{name} counted {evidence['counted'] - before} requests, not one")
    line = json.loads(evidence["line"])
    wanted = {**LOGGED, "trace_id": sent["x-trace-id"]}
    found = {key: line.get(key) for key in wanted}
    if found != wanted:
        raise Unequal(f"{name} logged {found}, not {wanted}")
