"""Real server processes: many at once, killed, and stopped until it is too late."""

import http.client
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pytest
from django.apps import apps
from django.db import connections

from .models import Booking
from .services import GIVEN
from .support import eventually, new_key, skip_if_missing
from .urls import GATE, NAMES

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = 4
SHARED = [name for name in NAMES if name != "locmem"]
DATABASES = ["sqlite", "postgresql", "mariadb"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(180),
    pytest.mark.slow,
]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def pid(self):
        return json.loads(self.body)["data"]["pid"]


class Server:
    def __init__(self, gate):
        names = {alias: str(c.settings_dict["NAME"]) for alias, c in connections_by_alias()}
        env = {
            **os.environ,
            GIVEN: json.dumps(names),
            GATE: str(gate),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        self.log = gate / f"log-{new_key()}"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.server"],
                cwd=ROOT,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    @property
    def pid(self):
        return self.process.pid

    @cached_property
    def port(self):
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        return int(line)

    def post(self, path, guest, key, *, hold=False, user="alice"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(
                "POST",
                f"/api/{path}",
                json.dumps({"guest": guest, "hold": hold}),
                {
                    "Authorization": f"Bearer {user}",
                    "Content-Type": "application/json",
                    "X-Idempotency-Key": key,
                },
            )
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def kill(self):
        self.process.kill()
        self.process.wait(30)

    def stop(self):
        os.kill(self.pid, signal.SIGSTOP)
        # All its threads have stopped when this returns.
        os.waitpid(self.pid, os.WUNTRACED)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    def end(self):
        if self.process.poll() is None:
            self.resume()
            self.process.stdin.close()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process.stdin.close()
        self.process.stdout.close()


def connections_by_alias():
    return [(connection.alias, connection) for connection in connections.all()]


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    return tmp_path_factory.mktemp("gate")


@pytest.fixture(scope="module")
def _fleet(gate, django_db_setup):
    servers = [Server(gate) for _ in range(PROCESSES)]
    yield servers
    for server in servers:
        server.end()


@pytest.fixture
def servers(gate, _fleet):
    for index, server in enumerate(_fleet):
        if server.process.poll() is not None:
            server.end()
            _fleet[index] = Server(gate)
    for server in _fleet:
        assert server.port
    return _fleet


@pytest.fixture
def pair(servers):
    return servers[:2]


@pytest.fixture(scope="module")
def pool():
    with ThreadPoolExecutor(200) as pool:
        yield pool


@pytest.fixture(params=SHARED)
def shared(request):
    skip_if_missing(request.param)
    return request.param


@pytest.fixture(params=DATABASES)
def joined(request):
    skip_if_missing(request.param)
    return request.param


def bookings(name, guest):
    alias = name if name in ("postgresql", "mariadb") else "default"
    return Booking.objects.using(alias).filter(guest=guest).count()


def keys(name):
    alias = name if name in ("postgresql", "mariadb") else "default"
    return apps.get_model("ninja_boost_idempotency", "IdempotencyKey").objects.using(alias).count()


def entered(gate, guest, server):
    return (gate / f"entered-{guest}-{server.pid}").exists()


def check_that_all_got_the_one_result(answers):
    """Each got the one result, or was told to come again; return the result."""
    assert {answer.status for answer in answers} <= {201, 409}
    results = {answer.body for answer in answers if answer.status == 201}
    assert len(results) == 1
    originals = [
        answer
        for answer in answers
        if answer.status == 201 and "X-Idempotency-Replay" not in answer.headers
    ]
    assert len(originals) == 1
    assert all("Retry-After" in answer.headers for answer in answers if answer.status == 409)
    return originals[0]


def check_200_at_once(servers, pool, path, name):
    guest, key = new_key(), new_key()
    answers = list(pool.map(lambda n: servers[n % PROCESSES].post(path, guest, key), range(200)))
    original = check_that_all_got_the_one_result(answers)
    assert bookings(name, guest) == 1
    for server in servers:
        again = server.post(path, guest, key)
        assert again.body == original.body
        ours = {"Date": "", "Server": "", "Set-Cookie": "", "X-Idempotency-Replay": "true"}
        assert {**again.headers, **ours} == {**original.headers, **ours}
        assert "Set-Cookie" not in again.headers


def test_200_requests_at_once_run_once(servers, pool, shared):
    check_200_at_once(servers, pool, shared, shared)


def test_200_requests_at_once_run_once_in_the_business_transaction(servers, pool, joined):
    check_200_at_once(servers, pool, f"{joined}/joined", joined)


def test_users_of_different_processes_do_not_read_each_others_results(pair, shared):
    guest, key = new_key(), new_key()
    alice = pair[0].post(shared, guest, key, user="alice")
    bob = pair[1].post(shared, guest, key, user="bob")
    assert "X-Idempotency-Replay" not in bob.headers
    assert alice.body != bob.body
    assert pair[1].post(shared, guest, key, user="alice").body == alice.body


def test_after_a_kill_in_the_view_the_key_works_when_the_lease_is_over(pair, pool, gate, shared):
    victim, other = pair
    guest, key = new_key(), new_key()
    doomed = pool.submit(victim.post, shared, guest, key, hold=True)
    eventually(lambda: entered(gate, guest, victim))
    assert other.post(shared, guest, key, hold=True).status == 409
    victim.kill()
    with pytest.raises((http.client.HTTPException, OSError)):
        doomed.result(30)
    (gate / f"open-{guest}").touch()
    answers = []

    def works_again():
        answers.append(other.post(shared, guest, key, hold=True))
        return answers[-1].status == 201

    eventually(works_again)
    assert {answer.status for answer in answers[:-1]} <= {409}
    result = answers[-1]
    assert "X-Idempotency-Replay" not in result.headers
    assert result.pid == other.pid
    again = other.post(shared, guest, key, hold=True)
    assert again.headers["X-Idempotency-Replay"] == "true"
    assert again.body == result.body


def test_a_late_writer_is_fenced_off(pair, pool, gate, shared):
    late, other = pair
    guest, key = new_key(), new_key()
    warned = late.log.read_text().count("outlived its lease")
    slow = pool.submit(late.post, shared, guest, key, hold=True)
    eventually(lambda: entered(gate, guest, late))
    late.stop()
    (gate / f"open-{guest}").touch()
    newer = eventually(
        lambda: (answer := other.post(shared, guest, key, hold=True)).status == 201 and answer
    )
    late.resume()
    # Its own client gets what it did; nobody else does.
    own = slow.result(60)
    assert own.status == 201
    assert own.pid == late.pid
    assert own.body != newer.body
    for server in pair:
        again = server.post(shared, guest, key, hold=True)
        assert again.headers["X-Idempotency-Replay"] == "true"
        assert again.body == newer.body
    assert eventually(lambda: late.log.read_text().count("outlived its lease") == warned + 1)


def test_in_the_business_transaction_a_kill_leaves_neither_booking_nor_key(
    pair, pool, gate, joined
):
    victim, other = pair
    guest, key, path = new_key(), new_key(), f"{joined}/joined"
    before = keys(joined)
    doomed = pool.submit(victim.post, path, guest, key, hold=True)
    eventually(lambda: entered(gate, guest, victim))
    victim.kill()
    with pytest.raises((http.client.HTTPException, OSError)):
        doomed.result(30)
    assert bookings(joined, guest) == 0
    assert keys(joined) == before
    (gate / f"open-{guest}").touch()
    result = eventually(
        lambda: (answer := other.post(path, guest, key, hold=True)).status == 201 and answer
    )
    assert result.pid == other.pid
    assert bookings(joined, guest) == 1
    assert other.post(path, guest, key, hold=True).body == result.body
    assert bookings(joined, guest) == 1


# On SQLite, every writer waits for the stopped one's lock on the file.
@pytest.mark.parametrize("joined", ["postgresql", "mariadb"], indirect=True)
def test_in_the_business_transaction_a_stopped_process_keeps_its_key(pair, pool, gate, joined):
    late, other = pair
    guest, key, path = new_key(), new_key(), f"{joined}/joined"
    slow = pool.submit(late.post, path, guest, key, hold=True)
    eventually(lambda: entered(gate, guest, late))
    late.stop()
    (gate / f"open-{guest}").touch()
    assert other.post(path, guest, key, hold=True).status == 409
    late.resume()
    own = slow.result(60)
    assert own.status == 201
    again = other.post(path, guest, key, hold=True)
    assert again.headers["X-Idempotency-Replay"] == "true"
    assert again.body == own.body
    assert bookings(joined, guest) == 1
