"""Each delivery is handled once: replays, retries, leases, and a cache that is away."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.core.cache import caches
from django.http import HttpResponse
from django.test import AsyncClient, Client, override_settings
from ninja import NinjaAPI, Router

from ninja_boost_core import ApiError, AutoAPI, AutoRouter, Hook, Order, attach
from ninja_boost_webhooks import (
    github_webhook,
    sign_github,
    sign_standard,
    sign_stripe,
    standard_webhook,
    stripe_webhook,
)
from ninja_boost_webhooks.replays import claim_of

from .caches import FailingCache
from .support import BOTH, CASES, EACH, now, post, redis_url, serving, view_of

LOCMEM = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
EVENT = b'{"id": "evt_1"}'


def api_of(*views, kind=AutoAPI):
    api = kind(urls_namespace="of-a-test")
    router = AutoRouter()
    for number, view in enumerate(views):
        router.post("/hook" if number == 0 else f"/hook{number}", auth=None)(view)
    api.add_router("", router)
    return api


def settings_of(**webhooks):
    return override_settings(NINJA_BOOST={"WEBHOOKS": webhooks})


def remembered(endpoint, delivery="evt_1", scheme="stripe"):
    claim = claim_of(scheme, endpoint, delivery, 300)
    return caches["default"].get(claim.key)


@EACH
@BOTH
def test_a_replay_is_refused(case, is_async):
    entered: list[bytes] = []
    headers = case.signed()
    with serving(api=api_of(case.decorator(case.secret)(view_of(is_async, entered)))):
        assert [post(Client(), headers, case.body).status_code for _ in range(3)] == [200, 409, 409]
    assert len(entered) == 1


@BOTH
def test_a_retry_with_a_new_signature_is_the_same_delivery(is_async):
    entered: list[bytes] = []
    with serving(api=api_of(stripe_webhook("s")(view_of(is_async, entered)))):
        for offset, status in ((-100, 200), (0, 409)):
            headers = sign_stripe(EVENT, "s", timestamp=now() + offset)
            assert post(Client(), headers, EVENT).status_code == status
    assert len(entered) == 1


@BOTH
def test_an_unsigned_id_does_not_make_it_another(is_async):
    with serving(api=api_of(github_webhook("s")(view_of(is_async, [])))):
        for delivery, status in (("a", 200), ("b", 409)):
            headers = {**sign_github(b"x", "s"), "X-GitHub-Delivery": delivery}
            assert post(Client(), headers, b"x").status_code == status


def test_each_endpoint_gets_its_own_copy():
    one, two = [], []
    first = stripe_webhook("s", endpoint="one")(view_of(False, one))
    second = stripe_webhook("s", endpoint="two")(view_of(False, two))
    headers = sign_stripe(EVENT, "s")
    with serving(api=api_of(first, second)):
        for target in ("/api/hook", "/api/hook1"):
            assert post(Client(), headers, EVENT, target).status_code == 200
            assert post(Client(), headers, EVENT, target).status_code == 409
    assert one == two == [EVENT]


def test_another_path_to_the_same_view_is_no_other_endpoint():
    """The path is not signed."""
    entered: list[bytes] = []
    view = stripe_webhook("s")(view_of(False, entered))
    headers = sign_stripe(EVENT, "s")
    with serving(api=api_of(view, view), other=api_of(view)):
        assert post(Client(), headers, EVENT).status_code == 200
        assert post(Client(), headers, EVENT, "/api/hook1").status_code == 409
        assert post(Client(), headers, EVENT, "/other/hook").status_code == 409
    assert len(entered) == 1


class Refuse(Hook):
    order = Order.PERMISSION

    def __init__(self, *answers):
        self.answers = list(answers)

    def after_auth(self, call):
        if self.answers:
            raise ApiError(self.answers.pop(), "Not now.")


FAILURES = [
    ZeroDivisionError(),
    ApiError(503, "Down."),
    ApiError(404, "Not found."),
    lambda: HttpResponse(status=500),
    lambda: HttpResponse(status=302),
    lambda: HttpResponse(status=400),
]


@BOTH
@pytest.mark.parametrize("kind", [AutoAPI, NinjaAPI])
@pytest.mark.parametrize("failure", FAILURES, ids=["bug", "503", "404", "500", "302", "400"])
def test_a_failed_delivery_may_come_again(is_async, kind, failure):
    entered: list[bytes] = []
    outcomes = [failure, None]

    def result():
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome() if callable(outcome) else outcome

    view = stripe_webhook("s")(view_of(is_async, entered, result))
    headers = sign_stripe(EVENT, "s")
    with serving(api=api_of(view, kind=kind)):
        client = Client(raise_request_exception=False)
        assert post(client, headers, EVENT).status_code >= 300
        assert post(client, headers, EVENT).status_code == 200
        assert post(client, headers, EVENT).status_code == 409
    assert len(entered) == 2


@BOTH
@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_what_another_hook_refuses_may_come_again(is_async, status):
    entered: list[bytes] = []
    view = attach(Refuse(status))(stripe_webhook("s")(view_of(is_async, entered)))
    headers = sign_stripe(EVENT, "s")
    with serving(api=api_of(view)):
        assert post(Client(), headers, EVENT).status_code == status
        assert post(Client(), headers, EVENT).status_code == 200
    assert len(entered) == 1


async def test_a_cancelled_delivery_may_come_again():
    started = asyncio.Event()
    calls = []

    @stripe_webhook("s", endpoint="cancelled")
    async def view(request):
        calls.append(1)
        if len(calls) == 1:
            started.set()
            await asyncio.Event().wait()

    headers = sign_stripe(EVENT, "s")
    with serving(api=api_of(view)):
        first = asyncio.create_task(post(AsyncClient(), headers, EVENT))
        await started.wait()
        assert (await post(AsyncClient(), headers, EVENT)).status_code == 409
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert remembered("cancelled") is None
        assert (await post(AsyncClient(), headers, EVENT)).status_code == 200


@BOTH
def test_a_dead_worker_loses_its_lease(is_async):
    """Its entry is what a process leaves that was killed inside the view."""
    entered: list[bytes] = []
    view = stripe_webhook("s", endpoint="e")(view_of(is_async, entered))
    claim = claim_of("stripe", "e", "evt_1", 300)
    headers = sign_stripe(EVENT, "s")
    with settings_of(LEASE=120), serving(api=api_of(view)):
        assert claim.take() is None
        assert post(Client(), headers, EVENT).status_code == 409
        cache = caches["default"]
        (expiry,) = [cache._expire_info[key] for key in cache._cache]
        assert now() + 115 <= expiry <= now() + 121
        cache.touch(claim.key, 0)
        assert post(Client(), headers, EVENT).status_code == 200
        # The late one fails; the entry is no longer its own.
        claim.settle(False)
        assert post(Client(), headers, EVENT).status_code == 409


@pytest.mark.parametrize(
    ("ttl", "tolerance", "expected"), [(60, 300, 600), (86_400, 300, 86_400), (60, 1, 60)]
)
def test_how_long_it_is_remembered(ttl, tolerance, expected):
    view = stripe_webhook("s", tolerance=tolerance)(view_of(False, []))
    with settings_of(REPLAY_TTL=ttl), serving(api=api_of(view)):
        assert post(Client(), sign_stripe(EVENT, "s"), EVENT).status_code == 200
    cache = caches["default"]
    (expiry,) = [cache._expire_info[key] for key in cache._cache]
    assert now() + expected - 5 <= expiry <= now() + expected + 1


class TestModes:
    headers = staticmethod(lambda: sign_stripe(EVENT, "s"))

    @BOTH
    @pytest.mark.parametrize("how", ["setting", "argument"])
    def test_allow(self, is_async, how):
        entered: list[bytes] = []
        given = {"replay": "allow"} if how == "argument" else {}
        view = stripe_webhook("s", **given)(view_of(is_async, entered))
        setting = settings_of(REPLAY="allow" if how == "setting" else "refuse")
        with setting, serving(api=api_of(view)):
            headers = self.headers()
            assert [post(Client(), headers, EVENT).status_code for _ in "ab"] == [200, 200]
        assert len(entered) == 2
        assert caches["default"]._cache == {}

    @BOTH
    @pytest.mark.parametrize(
        ("kind", "body"), [(AutoAPI, {"ok": True, "data": None}), (NinjaAPI, None)]
    )
    def test_acknowledge_what_was_handled(self, is_async, kind, body):
        entered: list[bytes] = []
        view = stripe_webhook("s", replay="acknowledge")(view_of(is_async, entered, "first"))
        with serving(api=api_of(view, kind=kind)):
            post(Client(), self.headers(), EVENT)
            again = post(Client(), self.headers(), EVENT)
            assert (again.status_code, again.json()) == (200, body)
        assert len(entered) == 1

    @BOTH
    def test_acknowledge_nothing_that_is_still_being_handled(self, is_async):
        entered: list[bytes] = []
        view = stripe_webhook("s", replay="acknowledge", endpoint="e")(view_of(is_async, entered))
        claim = claim_of("stripe", "e", "evt_1", 300)
        assert claim.take() is None
        with serving(api=api_of(view)):
            assert post(Client(), self.headers(), EVENT).status_code == 409
            claim.settle(True)
            assert post(Client(), self.headers(), EVENT).status_code == 200
        assert entered == []

    def test_acknowledge_a_direct_call(self, rf):
        view = stripe_webhook("s", replay="acknowledge")(view_of(False, [], "first"))

        def call():
            return view(rf.post("/x", EVENT, "application/json", headers=self.headers()))

        assert call() == "first"
        again = call()
        assert isinstance(again, HttpResponse)
        assert again.status_code == 200


class TestConcurrentReplays:
    def race(self, target, clients=16):
        barrier = threading.Barrier(clients)

        def attempt(_):
            barrier.wait()
            return target()

        with ThreadPoolExecutor(clients) as pool:
            return list(pool.map(attempt, range(clients)))

    @BOTH
    @EACH
    def test_exactly_one_enters(self, case, is_async):
        entered: list[bytes] = []
        headers = case.signed()
        with serving(api=api_of(case.decorator(case.secret)(view_of(is_async, entered)))):
            statuses = self.race(lambda: post(Client(), headers, case.body).status_code)
        assert sorted(statuses) == [200] + [409] * 15
        assert len(entered) == 1

    async def test_exactly_one_task_enters(self):
        entered: list[bytes] = []
        headers = sign_stripe(EVENT, "s")
        with serving(api=api_of(stripe_webhook("s")(view_of(True, entered)))):
            answers = await asyncio.gather(
                *(post(AsyncClient(), headers, EVENT) for _ in range(16))
            )
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 15
        assert len(entered) == 1

    @BOTH
    def test_exactly_one_enters_by_redis(self, is_async):
        entered: list[bytes] = []
        cache = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url(),
            "KEY_PREFIX": "webhooks-test",
        }
        headers = sign_standard(b"{}", "whsec_AAAA")
        with (
            override_settings(CACHES={"default": LOCMEM, "hooks": cache}),
            settings_of(CACHE="hooks"),
            serving(api=api_of(standard_webhook("whsec_AAAA")(view_of(is_async, entered)))),
        ):
            statuses = self.race(lambda: post(Client(), headers, b"{}").status_code)
        assert sorted(statuses) == [200] + [409] * 15
        assert len(entered) == 1

    def test_exactly_one_enters_of_several_processes(self):
        url, name, processes, threads = redis_url(), f"race-{uuid.uuid4().hex}", 4, 8
        server = redis.Redis.from_url(url)
        delivery = json.dumps({"body": EVENT.decode(), "headers": sign_stripe(EVENT, "s")})
        command = [sys.executable, "-m", "tests.race", url, name, str(threads), delivery]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
            for _ in range(processes)
        ]
        try:
            deadline = time.monotonic() + 120
            while int(server.get(f"{name}:ready") or 0) < processes:
                assert time.monotonic() < deadline
                assert all(process.poll() in (None, 0) for process in running)
                time.sleep(0.05)
            server.rpush(f"{name}:go", *range(processes))
            statuses = [s for process in running for s in json.loads(process.communicate()[0])]
            assert int(server.get(f"{name}:entered")) == 1
            assert sorted(statuses) == [200] + [409] * (processes * threads - 1)
        finally:
            for process in running:
                process.kill()
                process.wait()
            server.delete(*server.keys(f"{name}:*"))


@pytest.fixture
def dead_redis():
    """A port at which nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        cache = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{port}/0",
        }
        with override_settings(CACHES={"default": cache}):
            yield


@pytest.mark.usefixtures("dead_redis")
@BOTH
class TestTheCacheIsAway:
    @pytest.mark.parametrize("kind", [AutoAPI, NinjaAPI])
    def test_closed(self, is_async, kind, caplog):
        entered: list[bytes] = []
        with serving(api=api_of(stripe_webhook("s")(view_of(is_async, entered)), kind=kind)):
            answer = post(Client(), sign_stripe(EVENT, "s"), EVENT)
            assert answer.status_code == 503
            if kind is AutoAPI:
                assert answer["Retry-After"] == "10"
            # Who has no right signature is told nothing of the cache.
            assert post(Client(), sign_stripe(EVENT, "t"), EVENT).status_code == 401
        assert entered == []
        records = [r.getMessage() for r in caplog.records if r.name == "ninja_boost.webhooks"]
        assert "the cache 'default' failed (ConnectionError)" in records[0]
        assert len(records) == 2

    def test_open(self, is_async, caplog):
        entered: list[bytes] = []
        with (
            settings_of(ON_ERROR="open"),
            serving(api=api_of(stripe_webhook("s")(view_of(is_async, entered)))),
        ):
            assert post(Client(), sign_stripe(EVENT, "s"), EVENT).status_code == 200
            assert post(Client(), sign_stripe(EVENT, "t"), EVENT).status_code == 401
        assert len(entered) == 1
        assert "without protection against replays" in caplog.text

    def test_an_endpoint_that_allows_replays_needs_none(self, is_async):
        view = stripe_webhook("s", replay="allow")(view_of(is_async, []))
        with serving(api=api_of(view)):
            assert post(Client(), sign_stripe(EVENT, "s"), EVENT).status_code == 200


@BOTH
def test_a_cache_that_fails_after_the_view_does_not_change_the_answer(is_async, caplog):
    def break_cache():
        FailingCache.down = True

    entered: list[bytes] = []
    view = stripe_webhook("s")(view_of(is_async, entered, break_cache))
    failing = {"BACKEND": "tests.caches.FailingCache"}
    headers = sign_stripe(EVENT, "s")
    with override_settings(CACHES={"default": failing}), serving(api=api_of(view)):
        try:
            assert post(Client(), headers, EVENT).status_code == 200
        finally:
            FailingCache.down = False
        assert post(Client(), headers, EVENT).status_code == 409
    assert "(ConnectionError) after the view" in caplog.text
    assert "counts as being handled for 300 seconds" in caplog.text


def test_a_plain_router_on_a_plain_api():
    entered: list[bytes] = []
    router = Router()
    router.post("/hook")(stripe_webhook("s")(view_of(False, entered)))
    api = NinjaAPI(urls_namespace="plain")
    api.add_router("", router)
    headers = sign_stripe(EVENT, "s")
    with serving(api=api):
        assert [post(Client(), headers, EVENT).status_code for _ in "ab"] == [200, 409]


def test_ids_that_no_cache_takes_as_a_key():
    bodies = [b'{"id": "\\ud800"}', b'{"id": "' + b"x" * 500 + b'"}', b'{"id": "a b\\n"}']
    with serving(api=api_of(stripe_webhook("s")(view_of(False, [])))):
        for body in bodies:
            headers = sign_stripe(body, "s")
            assert [post(Client(), headers, body).status_code for _ in "ab"] == [200, 409]


def test_case_table_covers_every_decorator():
    assert len({case.decorator for case in CASES}) == 6
