"""Processes that write records: ``python -m tests.writer ALIAS PROCESSES COUNT STREAMS``.

Each says how many it has written after each record, as ``PID NUMBER``.
"""

import os
import sys

import django


def main() -> int:
    alias, processes, count, streams = sys.argv[1], *map(int, sys.argv[2:])
    django.setup()
    # No connection is open yet that they would share.
    children = [os.fork() for _ in range(processes) if os.getpid() == parent]
    if os.getpid() != parent:
        write(alias, count, streams)
        sys.stdout.flush()
        os._exit(0)
    statuses = [os.waitpid(child, 0)[1] for child in children]
    return max(map(os.waitstatus_to_exitcode, statuses))


def write(alias: str, count: int, streams: int) -> None:
    from django.db import transaction

    from ninja_boost_audit import DatabaseBackend, Record

    backend = DatabaseBackend(alias, streams=streams)
    for number in range(count):
        record = Record(action="order.update", resource="order", resource_id=str(number))
        if number % 10 == 3:
            # In a transaction of the project's, after one that is rolled back.
            try:
                with transaction.atomic(using=alias):
                    backend.write(record)
                    raise KeyError
            except KeyError:
                with transaction.atomic(using=alias):
                    backend.write(record)
        else:
            backend.write(record)
        os.write(1, f"{os.getpid()} {number + 1}\n".encode())


parent = os.getpid()
sys.exit(main())
