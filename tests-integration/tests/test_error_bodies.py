"""Every error that the document declares is provoked, and is sent as the document has it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from ninja_boost_webhooks import sign_stripe

from .conftest import CREDENTIALS, CREW_ID, DEPLOYED, serving
from .tokens import CLAIMS, HS256, signed

MEDIA_TYPES = {"envelope": "application/json", "problem": "application/problem+json"}
KNOWN = {"booking_id": "1", "code": "CH", "flight_id": "1", "icao": "LSZH"}
UNKNOWN = {"booking_id": "999999", "code": "ZZ", "flight_id": "999999", "icao": "ZZZZ"}
INVALID = {"booking_id": "x", "code": "ch", "flight_id": "0", "icao": "lszh"}
BODIES = {
    "post /api/auth/login": CREDENTIALS,
    "post /api/auth/refresh": {"refresh_token": "no such token"},
    "post /api/auth/logout": {"refresh_token": "no such token"},
    "patch /api/airports/{icao}": {"name": "Zurich Airport"},
    "post /api/bookings": {"flight_id": 205, "passenger": "Ada"},
}
OVER_THE_LIMIT = 2_700_000
# A server may close an idle connection just when the next request comes.
NO_REUSE = httpx.Limits(max_keepalive_connections=0)
# What no operation declares by itself, because it does not get that far.
BY_DEFAULT = {404, 405, 500}


@dataclass
class Stage:
    """A demo with a document, three callers, and what was answered with an error so far."""

    client: httpx.Client
    mode: str
    document: dict[str, Any] = field(init=False)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.document = self.client.get("/api/openapi.json").json()

    @property
    def operations(self) -> dict[str, dict[str, Any]]:
        return {
            f"{method} {path}": operation
            for path, operations in self.document["paths"].items()
            for method, operation in operations.items()
        }

    def send(
        self, name: str, values: dict[str, str] = KNOWN, who: str = "passenger", **options: Any
    ) -> httpx.Response:
        """Call an operation, as it should be called but for what is given."""
        method, _, path = name.partition(" ")
        if name in BODIES and not options.keys() & {"json", "content"}:
            options["json"] = BODIES[name]
        headers = {**CALLERS[who], **options.pop("headers", {})}
        return self.client.request(method, path.format(**values), headers=headers, **options)

    def check(self, name: str, response: httpx.Response) -> None:
        """Hold an error against what the document says of the operation."""
        status = response.status_code
        assert status >= 400, (name, response.text)
        responses = self.operations[name]["responses"]
        declared = responses.get(str(status))
        assert declared or status in BY_DEFAULT, f"{name} answers {status}, which is not declared"
        self.seen.add((name, str(status)))
        self.validate(response, declared or responses["default"], name)

    def validate(self, response: httpx.Response, declared: dict[str, Any], name: str) -> None:
        status = response.status_code
        media_type = response.headers["content-type"].partition(";")[0]
        assert list(declared["content"]) == [MEDIA_TYPES[self.mode]] == [media_type], name
        body = response.json()
        self.against(declared["content"][media_type]["schema"], body)
        assert body["status" if self.mode == "problem" else "code"] == status
        assert body["trace_id"] == response.headers["x-trace-id"]
        for header, its in declared.get("headers", {}).items():
            assert not its["required"] or header in response.headers, (name, status, header)
            if header in response.headers:
                value: Any = response.headers[header]
                if its["schema"]["type"] == "integer":
                    value = int(value)
                self.against(its["schema"], value)
        if status == 401:
            assert response.headers["www-authenticate"]
        if status == 405:
            assert response.headers["allow"]
        if status in (429, 503):
            assert int(response.headers["retry-after"]) >= 1

    def against(self, schema: dict[str, Any], value: Any) -> None:
        whole = {**schema, "components": self.document["components"]}
        Draft202012Validator(whole).validate(value)


def bearer(**claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {signed(HS256, {**CLAIMS, **claims})}"}


CALLERS = {
    "nobody": {},
    "passenger": bearer(),
    "crew": bearer(user_id=CREW_ID, is_staff=True),
}


@pytest.fixture(scope="module", params=list(MEDIA_TYPES))
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def settings_of(mode: str, **more: str) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "tests.error_settings",
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "TESTS_ERRORS": mode,
        **more,
    }


@pytest.fixture(scope="module")
def stage(mode: str, loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    rates = {"AIRLINE_LOGIN_RATE": "60/day", "AIRLINE_SEARCH_RATE": "3/day"}
    directory = tmp_path_factory.mktemp(mode)
    with (
        serving("gunicorn", loaded, directory, **settings_of(mode, **rates)) as server,
        httpx.Client(base_url=server.url, timeout=30, limits=NO_REUSE) as client,
    ):
        yield Stage(client, mode)


@pytest.fixture(scope="module")
def outage(mode: str, loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A demo that has lost a cache and tables, after a booking was made and paid."""
    directory = tmp_path_factory.mktemp(f"{mode}-outage")
    (directory / "source").mkdir()
    database = Path(shutil.copy(loaded, directory / "source" / "airline.sqlite3"))
    with sqlite3.connect(database) as connection:
        connection.execute(
            "insert into flights_booking (reference, passenger, seats, price, created_at, paid_at,"
            " booked_by_id, flight_id) values ('OUTAGE22', 'Ada', 1, 9, '2026-11-01',"
            " '2026-11-01', 1, 205)"
        )
        for table in (
            *("ninja_boost_audit_auditstream", "ninja_boost_idempotency_idempotencykey"),
            "flights_country",
        ):
            connection.execute(f"alter table {table} rename to lost_{table}")
    connection.close()
    variables = settings_of(mode, TESTS_OUTAGE="1")
    with (
        serving("gunicorn", database, directory, **variables) as server,
        httpx.Client(base_url=server.url, timeout=30, limits=NO_REUSE) as client,
    ):
        yield Stage(client, mode)


def until(status: int, call: Callable[[], httpx.Response]) -> httpx.Response:
    for _ in range(100):
        if (response := call()).status_code == status:
            break
    return response


def booked(stage: Stage) -> dict[str, str]:
    response = stage.send("post /api/bookings")
    assert response.status_code == 201, response.text
    return {"booking_id": str(response.json()["data"]["id"])}


def paid_already(stage: Stage) -> httpx.Response:
    values = booked(stage)
    stage.send("post /api/bookings/{booking_id}/payments", values)
    return stage.send("post /api/bookings/{booking_id}/payments", values)


def webhook(stage: Stage, event: str, secret: str = "AIRLINE_STRIPE_SECRET") -> httpx.Response:
    body = json.dumps({"id": event, "type": "charge.failed"})
    headers = sign_stripe(body, DEPLOYED[secret])
    return stage.send("post /api/webhooks/stripe", content=body, headers=headers)


PAY = "post /api/bookings/{booking_id}/payments"
REFUND = "post /api/bookings/{booking_id}/refund"
STRIPE = "post /api/webhooks/stripe"
PROVOCATIONS: dict[tuple[str, str], Callable[[Stage], httpx.Response]] = {
    ("post /api/auth/login", "401"): lambda s: s.send(
        "post /api/auth/login", json={**CREDENTIALS, "password": "wrong"}
    ),
    ("post /api/auth/login", "429"): lambda s: until(
        429, lambda: s.send("post /api/auth/login", content=b"{")
    ),
    ("post /api/auth/refresh", "401"): lambda s: s.send("post /api/auth/refresh"),
    ("get /api/airports", "429"): lambda s: until(
        429, lambda: s.send("get /api/airports", params={"q": "zurich"})
    ),
    ("get /api/airports/feed", "400"): lambda s: s.send(
        "get /api/airports/feed", params={"cursor": "forged"}
    ),
    ("patch /api/airports/{icao}", "403"): lambda s: s.send("patch /api/airports/{icao}"),
    ("post /api/bookings", "404"): lambda s: s.send(
        "post /api/bookings", json={"flight_id": 10**9, "passenger": "Ada"}
    ),
    ("post /api/bookings", "409"): lambda s: s.send(
        "post /api/bookings", json={"flight_id": 1, "passenger": "Ada"}
    ),
    (PAY, "400"): lambda s: s.send(
        PAY, headers={"Idempotency-Key": "one", "X-Idempotency-Key": "two"}
    ),
    (PAY, "409"): paid_already,
    (REFUND, "403"): lambda s: s.send(REFUND),
    (REFUND, "409"): lambda s: s.send(REFUND, booked(s), "crew"),
    (STRIPE, "400"): lambda s: s.send(STRIPE, content="{}"),
    (STRIPE, "401"): lambda s: webhook(s, "evt_forged", "AIRLINE_METRICS_TOKEN"),
    (STRIPE, "409"): lambda s: until(409, lambda: webhook(s, "evt_twice")),
    (STRIPE, "413"): lambda s: s.send(
        STRIPE, content=b" " * OVER_THE_LIMIT, headers=sign_stripe("", "x")
    ),
}
OUTAGES: dict[tuple[str, str], Callable[[Stage], httpx.Response]] = {
    **{
        (f"get /api/health/{probe}", "503"): lambda s, p=probe: s.send(f"get /api/health/{p}")
        for probe in ("ready", "startup", "")
    },
    ("post /api/auth/login", "503"): lambda s: s.send("post /api/auth/login"),
    (PAY, "503"): lambda s: s.send(PAY, headers={"Idempotency-Key": "a-key"}),
    (REFUND, "503"): lambda s: s.send(REFUND, who="crew"),
    (STRIPE, "503"): lambda s: webhook(s, "evt_unsure"),
}
# Declared, and nobody can provoke it from outside: operation and status, with the reason.
REASONS: dict[tuple[str, str], str] = {}


def by_kind(
    name: str, status: str, operation: dict[str, Any]
) -> Callable[[Stage], httpx.Response] | None:
    """What is wrong in one way with operations of one kind."""
    who = "crew" if "403" in operation["responses"] else "passenger"
    has_path_value = "{" in name
    json_type = {"Content-Type": "application/json"}
    if status == "401" and operation.get("security"):
        return lambda s: s.send(name, who="nobody")
    if status == "400" and "requestBody" in operation:
        return lambda s: s.send(name, who=who, content=b"{", headers=json_type)
    if status == "413" and "requestBody" in operation:
        long = b" " * OVER_THE_LIMIT
        return lambda s: s.send(name, who=who, content=long, headers=json_type)
    if status == "404" and has_path_value:
        return lambda s: s.send(name, UNKNOWN, who)
    if status == "422" and has_path_value:
        return lambda s: s.send(name, INVALID, who)
    if status == "422" and "requestBody" in operation:
        return lambda s: s.send(name, who=who, json={"unexpected": 1})
    if status == "422":
        queries = {p["name"]: "\x00" for p in operation["parameters"] if p["in"] == "query"}
        return lambda s: s.send(name, params=queries)
    return None


def declared_errors(stage: Stage) -> list[tuple[str, str]]:
    """Limits last: who has used one up provokes nothing else there."""
    found = [
        (name, status)
        for name, operation in stage.operations.items()
        for status in operation["responses"]
        if status.startswith(("4", "5"))
    ]
    return sorted(found, key=lambda each: each[1] == "429")


def test_every_declared_error_is_sent_as_declared(stage: Stage) -> None:
    assert declared_errors(stage)
    for name, status in declared_errors(stage):
        if (name, status) in OUTAGES or (name, status) in REASONS:
            continue
        provoke = PROVOCATIONS.get((name, status)) or by_kind(name, status, stage.operations[name])
        assert provoke, f"{name} declares {status}: say how it is provoked, or why it is not"
        response = provoke(stage)
        assert str(response.status_code) == status, (name, status, response.text)
        stage.check(name, response)


def test_every_declared_outage_is_sent_as_declared(stage: Stage, outage: Stage) -> None:
    for (name, status), provoke in OUTAGES.items():
        response = provoke(outage)
        assert str(response.status_code) == status, (name, status, response.text)
        outage.check(name, response)
    unexpected = outage.send("get /api/countries")
    assert unexpected.status_code == 500
    outage.check("get /api/countries", unexpected)
    assert "flights_country" not in unexpected.text


def test_the_tables_name_what_the_document_declares(stage: Stage) -> None:
    declared = set(declared_errors(stage))
    assert PROVOCATIONS.keys() | OUTAGES.keys() | REASONS.keys() <= declared


def hostilities(name: str, operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    json_type = {"Content-Type": "application/json"}
    long = b" " * OVER_THE_LIMIT
    yield {"headers": {"Authorization": "Bearer forged"}}
    yield {"headers": {"Authorization": "Basic Zm9yZ2Vk"}}
    yield {"headers": {"Accept": "application/xml", "Accept-Encoding": "nonsense"}}
    yield {"headers": {"Idempotency-Key": "a key", "If-Match": "x"}}
    yield {"headers": {"X-Idempotency-Key": "k" * 300}}
    yield {"headers": {"If-None-Match": '"', "Range": "bytes=9-1"}}
    for who in ("nobody", "crew"):
        yield {"who": who}
        yield {"who": who, "params": {"page": "x", "size": "x", "cursor": "x", "limit": "x"}}
        if name.startswith("get"):
            continue
        for content in (b"", b"{", b"[]", b"null", b"\xff", b'{"a":' * 60_000, long):
            yield {"who": who, "content": content, "headers": json_type}
        for media_type in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ):
            yield {"who": who, "content": b"a=1", "headers": {"Content-Type": media_type}}
    if "{" in name:
        for value in ("%00", "%FF", "x" * 3000, "-1", "9" * 30, "%2e%2e", "\u2708"):
            yield {"values": dict.fromkeys(KNOWN, value)}


def test_no_error_is_answered_that_is_not_declared(stage: Stage) -> None:
    for name, operation in stage.operations.items():
        for hostility in hostilities(name, operation):
            response = stage.send(name, **hostility)
            if response.status_code >= 400:
                stage.check(name, response)
                assert response.status_code < 500, (name, hostility)


def test_unknown_paths_and_methods_have_the_same_shape(stage: Stage) -> None:
    default = stage.operations["get /api/status"]["responses"]["default"]
    for url in ("/api/no/such", "/api/airports/LSZH/", "/api/%FF"):
        response = stage.client.get(url)
        assert response.status_code == 404
        stage.validate(response, default, url)
    for path, operations in stage.document["paths"].items():
        # Two paths may share a URL, such as /airports/{icao} and /airports/feed.
        response = stage.client.request("TRACE", path.format(**KNOWN))
        assert response.status_code == 405
        allowed = set(response.headers["allow"].lower().split(", "))
        assert operations.keys() <= allowed
        stage.validate(response, default, path)
