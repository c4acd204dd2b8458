"""Real processes that write at once, and that are killed."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connections

from .services import GIVEN
from .support import found, records

ROOT = Path(__file__).resolve().parent.parent

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.timeout(280),
]


@contextmanager
def writers(alias, *arguments):
    names = {c.alias: str(c.settings_dict["NAME"]) for c in connections.all()}
    env = {**os.environ, GIVEN: json.dumps(names), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.writer", alias, *map(str, arguments)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        process.stdout.close()


def assert_no_gap_and_no_break(alias, count):
    streams = {}
    for record in records(alias):
        streams.setdefault(record.stream, []).append(record.sequence)
    for name, numbers in streams.items():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), name
    assert sum(map(len, streams.values())) == count
    assert found(alias) == []
    return streams


@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
@pytest.mark.parametrize("streams", [16, 1])
def test_eight_processes_write_a_thousand_records_each(alias, streams):
    count = 1000 if streams > 1 else 100
    with writers(alias, 8, count, streams) as process:
        process.stdout.read()
        assert process.wait(30) == 0
    assert (len(assert_no_gap_and_no_break(alias, 8 * count)) > 1) is (streams > 1)


def test_more_writers_than_streams(alias):
    with writers(alias, 4, 40, 2) as process:
        process.stdout.read()
        assert process.wait(30) == 0
    assert_no_gap_and_no_break(alias, 160)


def test_writers_that_are_killed_leave_a_sound_trail(alias):
    """Whatever they had said was written is there, and at most one record more of each."""
    told = {}
    with writers(alias, 3, 10**6, 2) as process:
        for _ in range(100):
            pid, number = process.stdout.readline().split()
            told[pid] = int(number)
        os.killpg(process.pid, signal.SIGKILL)
        for line in process.stdout.read().split("\n")[:-1]:
            pid, number = line.split()
            told[pid] = int(number)
        process.wait(30)
    written = len(records(alias))
    assert sum(told.values()) <= written <= sum(told.values()) + 3
    assert_no_gap_and_no_break(alias, written)
