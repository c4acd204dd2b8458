"""What a record in the audit trail costs on PostgreSQL, beside django-auditlog's.

    python tools/bench/audit.py [--processes N] [--records N] [--rounds N] [--no-fsync]

It needs the packages and psycopg, and django-auditlog if it is there: the rival is installed for
this alone. POSTGRES_URL names the server; a database of the bench's own is made there and dropped.

First the append alone: each process writes its records, one transaction each. ``16 streams`` is
the default of DatabaseBackend, ``1 stream`` puts all records into one order, ``auditlog`` is
``LogEntry.objects.log_create``, ``insert`` an unchained row of ours, which is the floor. Then a
change with its record: a model is saved, and the difference is kept; ours in one transaction,
auditlog's by its signals, as its documentation has it, and once in a transaction, too. All take
turns in each round, in processes that stay; a ratio is the median over the rounds of theirs to
ours in records a second, so below 1 we are faster. At the end the trail is verified.

``--no-fsync`` has commits wait for no disk, so that the work of processes and server shows.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.db import connections, models, transaction
from measuring import in_turns, ratios, spread

NAME = f"ninja_boost_audit_bench_{os.getpid()}"
RIVAL = find_spec("auditlog") is not None
OURS = "16 streams"

Write = Callable[[int], object]


def configure(name: str, fsync: bool) -> None:
    parts = urlsplit(
        os.environ.get("POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
    )
    settings.configure(
        SECRET_KEY="of-no-value-0123456789-0123456789-0123456789",
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            *(["auditlog"] if RIVAL else []),
            "ninja_boost_audit",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": parts.hostname or "127.0.0.1",
                "PORT": str(parts.port or ""),
                "USER": unquote(parts.username or ""),
                "PASSWORD": unquote(parts.password or ""),
                "NAME": name,
                "OPTIONS": {} if fsync else {"options": "-c synchronous_commit=off"},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        LOGGING_CONFIG=None,
        NINJA_BOOST={
            "AUDIT": {
                "BACKEND": "ninja_boost_audit.DatabaseBackend",
                "KEYS": {"bench": "of-no-value-0123456789-0123456789-0123456789"},
            }
        },
    )
    django.setup()


@functools.cache
def order_models() -> tuple[Any, Any]:
    """Return two models alike; the second is for auditlog's signals."""
    members = {
        "number": models.CharField(max_length=32),
        "total": models.IntegerField(default=0),
        "note": models.CharField(max_length=64, default=""),
    }

    def model(name: str) -> Any:
        fields = {each: field.clone() for each, field in members.items()}
        meta = type("Meta", (), {"app_label": "bench"})
        return type(name, (models.Model,), {**fields, "Meta": meta, "__module__": __name__})

    order, watched = model("Order"), model("WatchedOrder")
    if RIVAL:
        from auditlog.registry import auditlog

        auditlog.register(watched)
    return order, watched


def appends(order: Any) -> dict[str, Write]:
    """Ways to write a record of the same change, each in a transaction."""
    from ninja_boost_audit import DatabaseBackend, Record
    from ninja_boost_audit.models import AuditRecord

    many, one = DatabaseBackend(), DatabaseBackend(stream="single", streams=1)

    def record(number: int) -> Record:
        return Record(
            actor_id=42,
            action="order.update",
            resource="order",
            resource_id=str(order.pk),
            ip="203.0.113.1",
            trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
            status=200,
            details={"changes": {"total": [number, number + 1]}},
        )

    def insert(number: int) -> None:
        unchained = record(number)
        AuditRecord(
            stream=f"floor-{os.getpid()}",
            sequence=time.monotonic_ns(),
            timestamp=unchained.timestamp,
            actor_id="42",
            action=unchained.action,
            resource=unchained.resource,
            resource_id=unchained.resource_id,
            outcome=unchained.outcome,
            status=unchained.status,
            ip=unchained.ip,
            trace_id=unchained.trace_id,
            details='{"changes":{}}',
        ).save(force_insert=True)

    ways: dict[str, Write] = {
        OURS: lambda number: many.write(record(number)),
        "1 stream": lambda number: one.write(record(number)),
        "insert": insert,
    }
    if RIVAL:
        from auditlog.models import LogEntry

        def rival(number: int) -> None:
            LogEntry.objects.log_create(
                order,
                force_log=True,
                changes={"total": [str(number), str(number + 1)]},
                action=LogEntry.Action.UPDATE,
                remote_addr="203.0.113.1",
                cid="4bf92f3577b34da6a3ce929d0e0e4736",
            )

        ways["auditlog"] = rival
    return ways


def changes(order: Any) -> dict[str, Write]:
    """Ways to save a change together with its record."""
    from ninja_boost_audit import emit

    def ours(number: int) -> None:
        before = {"total": order.total}
        with transaction.atomic():
            order.total += 1
            order.save()
            emit(
                "order.update",
                resource="order",
                resource_id=order.pk,
                actor=42,
                before=before,
                after={"total": order.total},
            )

    def bare(number: int) -> None:
        order.total += 1
        order.save()

    ways: dict[str, Write] = {OURS: ours, "no record": bare}
    if RIVAL:
        watched = order_models()[1].objects.create(number="x")

        def signals(number: int) -> None:
            watched.total += 1
            watched.save()

        def atomic(number: int) -> None:
            with transaction.atomic():
                signals(number)

        ways["auditlog"] = signals
        ways["auditlog, atomic"] = atomic
    return ways


PARTS: dict[str, Callable[[Any], dict[str, Write]]] = {"append": appends, "change": changes}


def worker(name: str, fsync: bool, pipe: Connection) -> None:
    """Do what the parent asks: a part, a way and a number of records; answer when it is done."""
    configure(name, fsync)
    order = order_models()[0].objects.create(number=str(os.getpid()))
    ways = {part: build(order) for part, build in PARTS.items()}
    pipe.send(None)
    while (task := pipe.recv()) is not None:
        part, way, count = task
        write = ways[part][way]
        for number in range(count):
            write(number)
        pipe.send(None)
    connections.close_all()


@contextmanager
def database() -> Iterator[None]:
    with connections["default"]._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{NAME}"')
    try:
        yield
    finally:
        connections.close_all()
        with connections["default"]._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{NAME}" WITH (FORCE)')


def measure(
    pipes: list[Connection], part: str, ways: list[str], records: int, rounds: int
) -> dict[str, list[float]]:
    """Return the records a second of all processes together, for each round."""

    def rate(way: str) -> float:
        started = time.perf_counter()
        for pipe in pipes:
            pipe.send((part, way, records))
        for pipe in pipes:
            pipe.recv()
        return len(pipes) * records / (time.perf_counter() - started)

    return in_turns({way: functools.partial(rate, way) for way in ways}, rounds)


def report(title: str, rates: dict[str, list[float]]) -> None:
    print(f"\n{title:34}{'records/s':>10}{'ratio':>8}")
    for way, measured in rates.items():
        ratio = ratios(measured, rates[OURS]).median
        print(f"  {way:32}{spread(measured).median:10.0f}{ratio:8.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--records", type=int, default=100, help="of each process in a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-fsync", action="store_true")
    options = parser.parse_args()
    fsync = not options.no_fsync
    configure(NAME, fsync)
    if not RIVAL:
        print("django-auditlog is not installed: ours alone.")
    with database():
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        order, watched = order_models()
        with connections["default"].schema_editor() as editor:
            editor.create_model(order)
            editor.create_model(watched)
        names = {
            part: list(build(order.objects.create(number="x"))) for part, build in PARTS.items()
        }
        connections.close_all()
        context = multiprocessing.get_context("spawn")
        processes, pipes = [], []
        for _ in range(options.processes):
            mine, theirs = context.Pipe()
            process = context.Process(target=worker, args=(NAME, fsync, theirs))
            process.start()
            processes.append(process)
            pipes.append(mine)
        for pipe in pipes:
            pipe.recv()
        for part, ways in names.items():
            title = f"{part}, {options.processes} processes{'' if fsync else ', no fsync'}"
            report(title, measure(pipes, part, ways, options.records, options.rounds))
        for pipe in pipes:
            pipe.send(None)
        for process in processes:
            process.join()
        from ninja_boost_audit import append_only
        from ninja_boost_audit.keys import key_ring
        from ninja_boost_audit.models import AuditRecord, AuditStream
        from ninja_boost_audit.verification import verify

        # The floor's rows are in no chain.
        append_only.remove(connections["default"])
        AuditRecord.objects.filter(stream__startswith="floor-").delete()
        findings = list(verify(key_ring()))
        used = AuditStream.objects.filter(sequence__gt=0).count()
        print(f"\n{AuditRecord.objects.count()} records in {used} streams: {findings or 'sound'}")
        assert not findings
    return 0


if __name__ == "__main__":
    sys.exit(main())
