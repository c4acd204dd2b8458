"""Real server processes over caches that they share."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_hex

import pytest
from django.db import connections

from .services import GIVEN
from .support import skip_if_missing
from .urls import MARKS

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = 4
SHARED = {"redis": 25, "postgresql": 6, "mariadb": 6}
"""Caches, and the requests that a process serves at a time: each has a database connection."""

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.slow,
    pytest.mark.django_db(databases=list(connections)),
]


class Fleet:
    def __init__(self, alias, marks):
        names = {c.alias: str(c.settings_dict["NAME"]) for c in connections.all()}
        env = {
            **os.environ,
            GIVEN: json.dumps(names),
            MARKS: str(marks),
            "CACHING_TEST_ALIAS": alias,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        self.marks = marks
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.server", str(PROCESSES), str(SHARED[alias])],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        lines = [self.process.stdout.readline() for _ in range(PROCESSES)]
        self.ports = {int(pid): int(port) for pid, port in map(bytes.split, lines)}
        self.pids = list(self.ports)

    def ask(self, pid, path, method="GET", sent=lambda: None):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[pid], timeout=120)
        try:
            # As behind a load balancer; answers for different hosts are apart.
            connection.request(method, f"/api/{path}", headers={"Host": "shop.test"})
            sent()
            response = connection.getresponse()
            body = response.read()
            status = response.headers.get("Cache-Status", "").removeprefix("ninja-boost; ")
            return response.status, status.partition(" fwd-status")[0].rstrip(";"), body
        finally:
            connection.close()

    def marks_of(self, name):
        return len(list(self.marks.glob(f"{name}-*")))

    def wait_for_mark(self, name, number=1):
        until = time.monotonic() + 60
        while self.marks_of(name) < number:
            assert time.monotonic() < until
            time.sleep(0.01)

    def open_gate(self, name):
        (self.marks / f"open.{name}").touch()

    def at_once(self, pids, path, number, when_sent=lambda: None):
        """Ask many times, and call ``when_sent`` when all the requests are on their way."""
        barrier = threading.Barrier(number, when_sent)
        with ThreadPoolExecutor(number) as pool:
            asked = [
                pool.submit(self.ask, pids[i % len(pids)], path, sent=barrier.wait)
                for i in range(number)
            ]
            return [each.result() for each in asked]

    def end(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


@pytest.fixture(params=SHARED, scope="module")
def fleet(request, _tables, tmp_path_factory):
    skip_if_missing(request.param)
    fleet = Fleet(request.param, tmp_path_factory.mktemp("marks"))
    yield fleet
    fleet.end()


def test_a_hundred_misses_compute_once(fleet):
    name = token_hex(8)
    answers = fleet.at_once(fleet.pids, f"slow/{name}", 100, lambda: fleet.open_gate(name))
    assert fleet.marks_of(name) == 1
    assert {status for status, *_ in answers} == {200}
    assert len({body for *_, body in answers}) == 1
    how = Counter(how.partition("; ttl")[0] for _, how, _ in answers)
    assert how["fwd=miss"] == 1
    assert how["fwd=miss; collapsed"] + how["hit"] == 99

    # An invalidation in one process reaches the others, who compute once more.
    fleet.ask(fleet.pids[0], f"forget/{name}", "POST")
    fleet.at_once(fleet.pids, f"slow/{name}", 20)
    assert fleet.marks_of(name) == 2


def test_a_writer_that_another_process_overtakes(fleet):
    name = token_hex(8)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(fleet.ask, fleet.pids[0], f"slow/{name}")
        fleet.wait_for_mark(name)
        fleet.ask(fleet.pids[1], f"forget/{name}", "POST")
        fleet.open_gate(name)
        assert slow.result()[:2] == (200, "fwd=miss")
    fleet.ask(fleet.pids[2], f"slow/{name}")
    assert fleet.marks_of(name) == 2


def test_one_refreshes_and_the_others_get_what_is_stale(fleet):
    name = token_hex(8)
    _, _, old = fleet.ask(fleet.pids[0], f"stale/{name}")
    time.sleep(1.5)  # its time is over
    with ThreadPoolExecutor(1) as pool:
        refreshing = pool.submit(fleet.ask, fleet.pids[0], f"stale/{name}")
        fleet.wait_for_mark(name, 2)
        for _, how, body in fleet.at_once(fleet.pids, f"stale/{name}", 20):
            assert how.startswith("hit; ttl=-")
            assert body == old
        fleet.open_gate(name)
        _, how, new = refreshing.result()
    assert how == "fwd=stale"
    assert new != old
    assert fleet.marks_of(name) == 2


def test_killed_in_the_computation(fleet):
    name = token_hex(8)
    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(fleet.ask, fleet.pids[0], f"stuck/{name}")
        fleet.wait_for_mark(name)
        os.kill(fleet.pids[0], signal.SIGKILL)
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            stuck.result()
    answers = fleet.at_once(fleet.pids[1:], f"stuck/{name}", 10)
    assert {status for status, *_ in answers} == {200}
    # One takes over after the lease; in a database several may find the row expired at a time.
    assert 2 <= fleet.marks_of(name) <= 11
