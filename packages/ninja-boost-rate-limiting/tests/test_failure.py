"""A backend that goes away in the middle of a load, and comes back."""

import asyncio
import logging
import threading
import time

import pytest
import redis
from django.test import AsyncClient, Client, override_settings

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_rate_limiting import Backend, BackendError, RateLimiter, rate_limit, statistics
from ninja_boost_rate_limiting.guard import LOG_EVERY, LONGEST_PAUSE, Breaker, current_guard
from tests.redis_server import until
from tests.support import serving
from tests.test_memory import Clock

TIMEOUT = 0.2
# What must end within the timeout would otherwise last for ever. The rest of it is for a machine
# that does other things too.
BOUND = 10.0


def backend_settings(kind, url, on_error):
    options = {"ON_ERROR": on_error, "TIMEOUT": TIMEOUT, "REDIS_URL": url}
    options["BACKEND"] = f"ninja_boost_rate_limiting.{kind}"
    cache = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "OPTIONS": {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT},
    }
    return {"NINJA_BOOST": {"RATE_LIMIT": options}, "CACHES": {"default": cache}}


def api(rate="100000/hour"):
    api, router = AutoAPI(), AutoRouter()

    @router.get("/sync", auth=None)
    @rate_limit(rate)
    def view(request):
        return "seen"

    @router.get("/async", auth=None)
    @rate_limit(rate)
    async def async_view(request):
        return "seen"

    api.add_router("", router)
    return api


class Load:
    """Requests from several threads or tasks until it is told to stop."""

    def __init__(self, path):
        self.path = path
        self.answers = []
        self.stopped = threading.Event()
        work = [self.tasks] if path.endswith("/async") else [self.thread] * 4
        self.threads = [threading.Thread(target=each) for each in work]

    def note(self, begun, answer):
        self.answers.append((time.monotonic() - begun, answer.status_code, answer.headers))

    def thread(self):
        while not self.stopped.is_set():
            begun = time.monotonic()
            self.note(begun, Client().get(self.path))

    def tasks(self):
        async def work():
            while not self.stopped.is_set():
                begun = time.monotonic()
                self.note(begun, await AsyncClient().get(self.path))

        async def main():
            await asyncio.gather(*(work() for _ in range(4)))

        asyncio.run(main())

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stopped.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()

    def await_some(self, wanted):
        """Wait until some answers, each given after now, are as wanted."""
        seen = len(self.answers)
        until(lambda: sum(1 for _, *answer in self.answers[seen:] if wanted(*answer)) >= 5)


def counted(status, headers):
    return status == 200 and "X-RateLimit-Remaining" in headers


def unchecked(status, headers):
    return status == 200 and "X-RateLimit-Remaining" not in headers


def unavailable(status, headers):
    return status == 503 and int(headers["Retry-After"]) >= 1


@pytest.mark.parametrize("path", ["/api/sync", "/api/async"])
@pytest.mark.parametrize("on_error", ["open", "closed"])
@pytest.mark.parametrize("kind", ["RedisBackend", "CacheBackend"])
@pytest.mark.parametrize("blow", ["killed", "stopped"])
def test_redis_goes_and_comes_back_in_the_middle_of_a_load(server, kind, on_error, path, blow):
    expected = unchecked if on_error == "open" else unavailable
    with (
        override_settings(**backend_settings(kind, server.url, on_error)),
        serving(api=api()),
        Load(path) as load,
    ):
        load.await_some(counted)
        for _ in range(2):
            if blow == "killed":
                server.kill()
            else:
                server.pause()
            load.await_some(expected)
            if blow == "killed":
                server.start()
            else:
                server.go_on()
            load.await_some(counted)
    # Nothing but these, at any time; and each within its time.
    assert {(counted(*answer), expected(*answer)) for _, *answer in load.answers} == {
        (True, False),
        (False, True),
    }
    assert max(elapsed for elapsed, *_ in load.answers) < BOUND
    assert statistics()["backend_failures"] > 0
    unlimited = statistics()["admitted_unchecked"] > 0
    assert unlimited is (on_error == "open")
    assert (statistics()["refused_unchecked"] > 0) is not unlimited


@pytest.mark.parametrize("kind", ["RedisBackend", "CacheBackend"])
def test_it_starts_without_redis(server, kind):
    server.kill()
    with (
        override_settings(**backend_settings(kind, server.url, "closed")),
        serving(api=api("2/hour")),
    ):
        refused = Client().get("/api/sync")
        assert refused.status_code == 503
        assert refused.json()["code"] == 503
        server.start()
        until(lambda: Client().get("/api/sync").status_code == 200)
        assert [Client().get("/api/sync").status_code for _ in range(2)] == [200, 429]


class Faulty(Backend):
    """Fails on demand."""

    def __init__(self):
        self.asked = 0
        self.broken = True

    def hit(self, bucket, client, cost=1):
        self.asked += 1
        if self.broken:
            raise BackendError("out of order")
        return bucket.quota.decide(0, 1, cost)

    async def ahit(self, bucket, client, cost=1):
        return self.hit(bucket, client, cost)

    def clear(self):
        pass


def test_a_limit_may_decide_otherwise_than_the_setting():
    api, router = AutoAPI(), AutoRouter()
    for name in ("open", "closed"):

        @router.get(f"/{name}", auth=None)
        @rate_limit("1/minute", on_error=name)
        def view(request):
            return "seen"

    @router.get("/shadow", auth=None)
    @rate_limit("1/minute", on_error="closed", shadow=True)
    def shadowed(request):
        return "seen"

    api.add_router("", router)
    for setting in ("open", "closed"):
        options = {"ON_ERROR": setting, "BACKEND": Faulty()}
        with override_settings(NINJA_BOOST={"RATE_LIMIT": options}), serving(api=api):
            statuses = [
                Client().get(f"/api/{name}").status_code for name in ("open", "closed", "shadow")
            ]
        assert statuses == [200, 503, 200]


def test_the_limiter_says_that_nothing_was_checked():
    options = {"BACKEND": Faulty(), "ON_ERROR": "closed"}
    with override_settings(NINJA_BOOST={"RATE_LIMIT": options}):
        closed = RateLimiter("5/minute", scope="x").hit("a")
        opened = RateLimiter("5/minute", scope="x", on_error="open").hit("a")
    assert (closed.allowed, closed.checked) == (False, False)
    assert closed.retry_after >= 1
    assert (opened.allowed, opened.checked, opened.retry_after) == (True, False, 0)


class Seconds(Clock):
    def __init__(self):
        self.now = 1000.0


def broken(breaker, clock, times=1):
    for _ in range(times):
        breaker.failed(BackendError("out of order"))


def test_while_it_is_down_one_request_at_a_time_tries_and_less_and_less_often():
    clock = Seconds()
    breaker = Breaker(clock)
    assert breaker.admits()
    # Many that were under way fail together.
    broken(breaker, clock, times=50)
    pauses, last = [], clock.now
    for _ in range(12):
        while not breaker.admits():
            clock.now += 0.001
        # Only one is admitted, while it tries.
        assert not any(breaker.admits() for _ in range(50))
        pauses.append(clock.now - last)
        last = clock.now
        broken(breaker, clock)
    assert 0.07 < pauses[0] < 0.13
    assert pauses == pytest.approx(
        [min(0.1 * 2**n, LONGEST_PAUSE) for n in range(12)], rel=0.26, abs=0.01
    )
    assert 1 <= breaker.retry_after <= 3
    breaker.succeeded()
    assert all(breaker.admits() for _ in range(50))


def test_processes_do_not_come_back_at_the_same_time():
    clock = Seconds()
    ends = set()
    for _ in range(20):
        breaker = Breaker(clock)
        broken(breaker, clock)
        ends.add(breaker._closed_until)
    assert len(ends) == 20


def test_a_request_that_tried_and_was_never_heard_of_again_blocks_nobody():
    clock = Seconds()
    breaker = Breaker(clock)
    broken(breaker, clock)
    clock.now += 1
    assert breaker.admits()
    assert not breaker.admits()
    clock.now += 1
    assert breaker.admits()


def test_failures_are_logged_now_and_then(caplog):
    clock = Seconds()
    breaker = Breaker(clock)
    with caplog.at_level(logging.INFO, "ninja_boost.rate_limiting"):
        broken(breaker, clock, times=100)
        assert [r.levelname for r in caplog.records] == ["ERROR"]
        clock.now += LOG_EVERY
        broken(breaker, clock, times=100)
        assert len(caplog.records) == 2
        assert "101 since it last worked" in caplog.text
        breaker.succeeded()
        breaker.succeeded()
    assert [r.levelname for r in caplog.records] == ["ERROR", "ERROR", "WARNING"]
    assert "works again, after 200 failures" in caplog.text


def test_a_failing_backend_is_not_asked_by_everybody():
    backend = Faulty()
    with override_settings(NINJA_BOOST={"RATE_LIMIT": {"BACKEND": backend}}):
        guard = current_guard()
        guard.breaker._clock = Seconds()
        limiter = RateLimiter("5/minute", scope="x")
        for _ in range(100):
            assert limiter.hit("a").allowed
        assert backend.asked == 1
        assert statistics()["admitted_unchecked"] == 100
        assert statistics()["backend_failures"] == 1
        backend.broken = False
        guard.breaker._clock.now += 1
        assert limiter.hit("a").checked
        assert limiter.hit("a").checked


@pytest.mark.parametrize("kind", ["RedisBackend", "CacheBackend"])
def test_the_log_does_not_tell_the_password(kind, server, caplog):
    with redis.Redis(port=server.port) as client:
        client.config_set("requirepass", "another")
    url = server.url.replace("redis://", "redis://:s3cret@")
    with (
        override_settings(**backend_settings(kind, url, "closed")),
        serving(api=api()),
        caplog.at_level(logging.DEBUG),
    ):
        answers = [Client().get("/api/sync"), asyncio.run(AsyncClient().get("/api/async"))]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert "rate limit backend fails" in caplog.text
    assert "s3cret" not in caplog.text
    assert "s3cret" not in repr(current_guard().backend)
