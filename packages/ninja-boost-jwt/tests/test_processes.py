"""Many refreshes at once, in several processes on one database."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connections

from ninja_boost_jwt import decode_jwt_token, issue_tokens, refresh_tokens, revoke_user

from .people import families, new_user, tokens
from .services import GIVEN

ROOT = Path(__file__).resolve().parent.parent
PROCESSES, THREADS = 4, 5

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120), pytest.mark.slow]


class Process:
    def __init__(self):
        names = {c.alias: str(c.settings_dict["NAME"]) for c in connections.all()}
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "tests.refresher"],
            cwd=ROOT,
            env={
                **os.environ,
                GIVEN: json.dumps(names),
                "DJANGO_SETTINGS_MODULE": "tests.settings",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, job):
        self.popen.stdin.write(json.dumps(job) + "\n")
        self.popen.stdin.flush()

    def answer(self):
        line = self.popen.stdout.readline()
        assert line, "the process has ended"
        return json.loads(line)

    def end(self):
        self.popen.kill()
        self.popen.wait(30)
        self.popen.stdin.close()
        self.popen.stdout.close()


@pytest.fixture(scope="module")
def processes(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        started = [Process() for _ in range(PROCESSES)]
    for process in started:
        assert process.popen.stdout.readline() == "ready\n"
    yield started
    for process in started:
        process.end()


def at_once(processes, token, options, *, threads=THREADS, chain=1, meanwhile=lambda: None):
    """Refresh one token in all threads of all processes; return the results and the events."""
    job = {
        "token": token,
        "options": options,
        "threads": threads,
        "chain": chain,
        "start": time.time() + 0.5,
    }
    for process in processes:
        process.begin(job)
    meanwhile()
    answers = [process.answer() for process in processes]
    results = [result for answer in answers for result in answer["results"]]
    return results, [event for answer in answers for event in answer["events"]]


def test_one_token_at_once_within_the_grace(processes, database, configure):
    options = {"DATABASE": database, "REFRESH": {"GRACE": 60}}
    configure(**options)
    user = new_user()
    token = issue_tokens(user).refresh_token
    results, events = at_once(processes, token, options)
    assert [result["reason"] for result in results] == [None] * PROCESSES * THREADS
    successors = {pair[1] for result in results for pair in result["pairs"]}
    assert len(successors) == PROCESSES * THREADS
    (family,) = families(user, database)
    assert family.revoked_at is None
    assert tokens(user, database).filter(rotated_at=None).count() == len(successors)
    assert events == []
    for successor in successors:
        refresh_tokens(successor)
    assert families(user, database).get().revoked_at is None


def test_one_token_at_once_without_a_grace(processes, database, configure):
    options = {"DATABASE": database, "REFRESH": {"GRACE": 0}}
    configure(**options)
    for _ in range(3):
        user = new_user()
        token = issue_tokens(user).refresh_token
        results, events = at_once(processes, token, options)
        reasons = sorted(str(result["reason"]) for result in results)
        assert reasons == ["None", "reused", *["revoked"] * (PROCESSES * THREADS - 2)]
        (family,) = families(user, database)
        assert family.revoked_at is not None
        assert events == [{"user_id": str(user.pk), "family": family.pk}]


def revoke_when(user, database, enough):
    until = time.monotonic() + 60
    while tokens(user, database).count() < enough:
        assert time.monotonic() < until
    revoke_user(user.pk)


def test_a_user_is_revoked_while_he_refreshes(processes, database, configure):
    """Nothing that was issued before it is accepted after it."""
    options = {"DATABASE": database, "REVOCATION": True, "REVOCATION_CACHE": 0}
    configure(**options)
    for enough in (8, 20, 40):
        user = new_user()
        token = issue_tokens(user).refresh_token
        results, _ = at_once(
            processes,
            token,
            options,
            threads=2,
            chain=400,
            meanwhile=lambda enough=enough, user=user: revoke_when(user, database, enough),
        )
        assert {result["reason"] for result in results} == {"revoked"}
        assert sum(len(result["pairs"]) for result in results) >= enough - 1
        accepted = [
            pair for result in results for pair in result["pairs"] if decode_jwt_token(pair[0])
        ]
        assert accepted == []
        assert decode_jwt_token(issue_tokens(user).access_token)


def test_a_process_that_dies_uses_nothing_up(processes, database, configure, tmp_path):
    options = {"DATABASE": database}
    configure(**options)
    held = tmp_path / "held"
    user = new_user(last_name=str(held))
    token = issue_tokens(user).refresh_token
    process = Process()
    try:
        assert process.popen.stdout.readline() == "ready\n"
        slow = {**options, "REFRESH": {"CLAIMS": "tests.refresher.slow_claims"}}
        job = {"token": token, "options": slow, "threads": 1, "chain": 1, "start": 0}
        process.begin(job)
        until = time.monotonic() + 20
        while not held.exists():
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        process.end()
    refresh_tokens(token)
    assert families(user, database).get().revoked_at is None
    assert tokens(user, database).count() == 2
