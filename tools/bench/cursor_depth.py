"""What the last page of a million rows costs, as a multiple of the first page.

    python tools/bench/cursor_depth.py [--rows N] [--rounds N] [sqlite] [postgresql] [mariadb]

The columns are the milliseconds of a whole request (in process: URL, view, queries, JSON) for
the first and the last page, their ratio, the ratio of the time in the database alone, and that
of OFFSET in its place. Each pair is measured in turns within one run, and a ratio is that of
two medians; absolute times say little on a shared machine.

POSTGRES_URL and MARIADB_URL name the servers. Rows go to a database of their own, which is
dropped again.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from measuring import in_turns

SIZE = 20
GOAL = 1.5
DATABASE = f"bench_cursor_depth_{os.getpid()}"

ROW = {
    # Ten rows share an instant, a tenth of the scores is NULL, and there are three kinds.
    "sqlite": (
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows}) "
        "INSERT INTO bench_event (id, created, score, kind, name) SELECT n, "
        "datetime('2026-01-01', (n / 10) || ' seconds'), "
        "CASE WHEN n % 10 = 0 THEN NULL ELSE n * 7919 % {rows} END, n % 3, 'event ' || n FROM s"
    ),
    "postgresql": (
        "INSERT INTO bench_event (id, created, score, kind, name) SELECT n, "
        "timestamptz '2026-01-01' + (n / 10) * interval '1 second', "
        "CASE WHEN n % 10 = 0 THEN NULL ELSE n * 7919 % {rows} END, n % 3, 'event ' || n "
        "FROM generate_series(1, {rows}::bigint) n"
    ),
    "mariadb": (
        "INSERT INTO bench_event (id, created, score, kind, name) SELECT seq, "
        "timestampadd(SECOND, seq DIV 10, '2026-01-01'), "
        "IF(seq % 10 = 0, NULL, seq * 7919 % {rows}), seq % 3, concat('event ', seq) "
        "FROM seq_1_to_{rows}"
    ),
}
ANALYSE = {
    "sqlite": "ANALYZE",
    "postgresql": "VACUUM ANALYZE bench_event",
    "mariadb": "ANALYZE TABLE bench_event",
}
ORDERINGS: dict[str, list[str]] = {
    "created, id": ["created"],
    "created desc, id desc": ["-created"],
    "kind, created, id (long ties)": ["kind", "created"],
    "score, id (a tenth NULL)": ["score"],
    "kind desc, created (mixed) *": ["-kind", "created"],
}
TWO_QUERIES = "*"
"""Marks an order whose directions differ: its last page may take a second query."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("databases", nargs="*", choices=[*ROW, []], help="all of them by default")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=101)
    parser.add_argument("--plans", action="store_true", help="show how the last page is found")
    options = parser.parse_args(arguments)

    failed = False
    with tempfile.TemporaryDirectory() as directory:
        chosen = options.databases or list(ROW)
        databases = {name: SERVERS[name](Path(directory)) for name in ROW if name in chosen}
        settings.configure(
            DATABASES={"default": next(iter(databases.values())), **databases},
            SECRET_KEY="bench",
            ROOT_URLCONF=__name__,
            ALLOWED_HOSTS=["*"],
            USE_TZ=True,
        )
        django.setup()
        serve(list(databases))
        for name in databases:
            failed |= not Bench(name, options.rows, options.rounds, options.plans).run()
    return failed


class Bench:
    def __init__(self, name: str, rows: int, rounds: int, plans: bool) -> None:
        from django.core.handlers.wsgi import WSGIHandler
        from django.db import connections

        self.name, self.rows, self.rounds, self.plans = name, rows, rounds, plans
        self.connection = connections[name]
        self.model = event_model()
        self.handler = WSGIHandler()

    def run(self) -> bool:
        """Print the table; return whether every cursor ratio meets the goal."""
        creation = self.connection.creation
        if self.name != "sqlite":
            creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            self.load()
            return self.measure()
        finally:
            if self.name != "sqlite":
                creation.destroy_test_db(self.name, verbosity=0)
            self.connection.close()

    def load(self) -> None:
        with self.connection.schema_editor() as editor:
            editor.create_model(self.model)
        with self.connection.cursor() as cursor:
            cursor.execute(ROW[self.name].format(rows=self.rows))
            cursor.execute(ANALYSE[self.name])

    def measure(self) -> bool:
        print(f"\n{self.name}, {self.rows:,} rows, pages of {SIZE}, {self.rounds} rounds")
        print(
            f"{'order':32}{'first ms':>9}{'last ms':>9}{'request':>9}{'database':>9}{'OFFSET':>9}"
        )
        met = True
        for number, (label, fields) in enumerate(ORDERINGS.items()):
            path = f"/{self.name}/{number}"
            first_ms, last_ms = self.request_times(path, fields)
            database, offset = self.database_ratios(fields)
            ratio = last_ms / first_ms
            met &= ratio <= GOAL or label.endswith(TWO_QUERIES)
            print(
                f"{label:32}{first_ms:9.2f}{last_ms:9.2f}{ratio:9.2f}{database:9.2f}{offset:9.0f}"
            )
        print(f"Goal, a request ratio of at most {GOAL}: {'met' if met else 'MISSED'}")
        print(
            f"{TWO_QUERIES} On SQLite and PostgreSQL this page takes two queries; it has no goal."
        )
        return met

    def request_times(self, path: str, fields: list[str]) -> tuple[float, float]:
        from django.test import RequestFactory

        def get(query: dict[str, str]) -> Any:
            response = self.handler.get_response(RequestFactory().get(path, query))
            assert response.status_code == 200, response.content
            return response

        query = {"cursor": self.last_token(path, fields)}
        found = json.loads(get(query).content)
        assert len(found["items"]) == SIZE, "this is not a full page"
        assert found["has_prev"], "this is not the last page"
        assert not found["has_next"], "this is not the last page"
        return self.pair(lambda: get({}), lambda: get(query))

    def last_token(self, path: str, fields: list[str]) -> str:
        from django.test import RequestFactory

        from ninja_boost_pagination import CursorPagination
        from ninja_boost_pagination._token import encode

        pagination = CursorPagination(fields=fields)
        request = RequestFactory().get(path)
        query = pagination.query_model()()
        scope, _ = pagination.prepare(request, query, IDENTITY)
        return encode(self.last_cursor(fields), scope)

    def last_cursor(self, fields: list[str]) -> Any:
        from ninja_boost_pagination._token import Cursor

        keyset = self.keyset(fields)
        [row] = keyset.reversed().ordered()[SIZE : SIZE + 1]
        return Cursor(keyset.position(row))

    def keyset(self, fields: list[str]) -> Any:
        from ninja_boost_pagination._binding import bind
        from ninja_boost_pagination._ordering import declare

        return bind(self.model.objects.using(self.name).all(), declare(fields))

    def database_ratios(self, fields: list[str]) -> tuple[float, float]:
        """Return last to first in the database alone, with a cursor and with OFFSET."""
        from ninja_boost_pagination._keyset import beyond

        keyset = self.keyset(fields)
        ordered = keyset.ordered()
        start = self.rows - SIZE
        parts = list(beyond(keyset, self.last_cursor(fields).values, inclusive=True))
        if self.plans:
            for part in parts:
                print("   ", part[: SIZE + 2].query)
                print("   ", part[: SIZE + 2].explain().replace("\n", "\n    "))

        first = self.execute(ordered[: SIZE + 1])
        cursor_first, cursor_last = self.pair(first, self.execute(*(p[: SIZE + 2] for p in parts)))
        offset_first, offset_last = self.pair(
            first, self.execute(ordered[start : start + SIZE + 1]), max(3, self.rounds // 20)
        )
        return cursor_last / cursor_first, offset_last / offset_first

    def execute(self, *querysets: Any) -> Callable[[], None]:
        """Return a function that executes compiled SQL; all parts, which is the worst case."""
        statements = [queryset.query.get_compiler(self.name).as_sql() for queryset in querysets]

        def execute() -> None:
            with self.connection.cursor() as cursor:
                for sql, params in statements:
                    cursor.execute(sql, params)
                    cursor.fetchall()

        return execute

    def pair(
        self, first: Callable[[], Any], last: Callable[[], Any], rounds: int | None = None
    ) -> tuple[float, float]:
        """Return the milliseconds, at the lowest decile, of two functions that run in turns."""

        def milliseconds(function: Callable[[], Any]) -> float:
            started = perf_counter()
            function()
            return (perf_counter() - started) * 1000

        measures = {"first": partial(milliseconds, first), "last": partial(milliseconds, last)}
        times = in_turns(measures, rounds or self.rounds, warm_up=3)
        low, high = (
            statistics.quantiles(times[name], n=10, method="inclusive")[0] for name in measures
        )
        return low, high


urlpatterns: list[Any] = []
IDENTITY = f"{__name__}.serve.<locals>.view_of.<locals>.events"


def serve(databases: Sequence[str]) -> None:
    """Serve each ordering of each database as ``/<database>/<number>``."""
    from django.urls import path
    from ninja import NinjaAPI, Schema

    from ninja_boost_pagination import cursor_paginate

    class EventOut(Schema):
        id: int
        created: datetime.datetime
        score: int | None
        kind: int
        name: str

    def view_of(database: str) -> Callable[[Any], Any]:
        def events(request: Any) -> Any:
            return event_model().objects.using(database).all()

        return events

    api = NinjaAPI(urls_namespace="bench")
    for database in databases:
        for number, fields in enumerate(ORDERINGS.values()):
            view = cursor_paginate(fields=fields, size=SIZE)(view_of(database))
            api.get(f"/{database}/{number}", response=list[EventOut])(view)
    urlpatterns.append(path("", api.urls))


def event_model() -> Any:
    from django.apps import apps
    from django.db import models

    if "event" in apps.all_models["bench"]:
        return apps.all_models["bench"]["event"]

    class Event(models.Model):
        id = models.BigIntegerField(primary_key=True)
        created = models.DateTimeField()
        score = models.BigIntegerField(null=True)
        kind = models.IntegerField()
        name = models.CharField(max_length=40)

        class Meta:
            app_label = "bench"
            indexes = (
                models.Index(fields=["created", "id"], name="bench_created"),
                models.Index(fields=["score", "id"], name="bench_score"),
                models.Index(fields=["kind", "created", "id"], name="bench_kind"),
                models.Index(fields=["-kind", "created", "id"], name="bench_mixed"),
            )

    return Event


def _server(engine: str, variable: str, default: str) -> Callable[[Path], dict[str, Any]]:
    def configure(directory: Path) -> dict[str, Any]:
        url = urlsplit(os.environ.get(variable, default))
        return {
            "ENGINE": f"django.db.backends.{engine}",
            "HOST": url.hostname,
            "PORT": str(url.port or ""),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "NAME": url.path.strip("/"),
            "TEST": {"NAME": DATABASE},
        }

    return configure


def _sqlite(directory: Path) -> dict[str, Any]:
    path = directory / "bench.sqlite3"
    sqlite3.connect(path).close()
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}


def _mariadb(directory: Path) -> dict[str, Any]:
    import pymysql

    pymysql.version_info = (2, 2, 8, "final", 0)
    pymysql.install_as_MySQLdb()
    return _server("mysql", "MARIADB_URL", "mysql://root@127.0.0.1:3306/")(directory)


SERVERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "sqlite": _sqlite,
    "postgresql": _server(
        "postgresql", "POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres"
    ),
    "mariadb": _mariadb,
}

if __name__ == "__main__":
    sys.exit(main())
