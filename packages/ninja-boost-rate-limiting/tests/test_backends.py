"""What holds for every backend."""

import asyncio
import threading
import uuid

import pytest
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured

from ninja_boost_rate_limiting import Backend, CacheBackend, InMemoryBackend, RedisBackend
from ninja_boost_rate_limiting.backends.base import Bucket
from ninja_boost_rate_limiting.rates import parse_rate

# An hour is long for a test: nothing comes back while it runs.
HOURLY = parse_rate("10/hour")


@pytest.fixture(params=["memory", "locmem", "redis cache", "redis"])
def backend(request, settings) -> Backend:
    if request.param == "memory":
        return InMemoryBackend()
    if request.param == "locmem":
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                "LOCATION": uuid.uuid4().hex,
            }
        }
        return CacheBackend()
    if request.param == "redis cache":
        request.getfixturevalue("redis_cache")
        return CacheBackend()
    return RedisBackend(request.getfixturevalue("redis_url"), timeout=5)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket.named(uuid.uuid4().hex, HOURLY)


def test_it_admits_the_burst_and_refuses_what_follows(backend, bucket):
    decisions = [backend.hit(bucket, "a") for _ in range(12)]
    assert [d.allowed for d in decisions] == [True] * 10 + [False] * 2
    assert [d.remaining for d in decisions] == [*reversed(range(10)), 0, 0]
    assert 0 < HOURLY.seconds(decisions[-1].retry_after) <= 360 + 900
    assert 3500 < HOURLY.seconds(decisions[-1].reset) <= 3600 + 900


async def test_it_does_so_for_async_code(backend, bucket):
    decisions = [await backend.ahit(bucket, "a") for _ in range(12)]
    assert [d.allowed for d in decisions] == [True] * 10 + [False] * 2


async def test_sync_and_async_code_count_together(backend, bucket):
    assert backend.hit(bucket, "a", 4).remaining == 6
    assert (await backend.ahit(bucket, "a", 4)).remaining == 2
    assert not backend.hit(bucket, "a", 4).allowed


def test_clients_and_buckets_are_apart(backend, bucket):
    other = Bucket.named(bucket.name + "2", HOURLY)
    assert backend.hit(bucket, "a", 10).allowed
    assert not backend.hit(bucket, "a").allowed
    assert backend.hit(bucket, "b").allowed
    assert backend.hit(other, "a").allowed


def test_a_refused_request_takes_nothing(backend, bucket):
    assert backend.hit(bucket, "a", 7).allowed
    for _ in range(20):
        assert not backend.hit(bucket, "a", 4).allowed
    assert backend.hit(bucket, "a", 3).allowed


def test_to_look_takes_nothing(backend, bucket):
    assert backend.hit(bucket, "a", 0).remaining == 10
    backend.hit(bucket, "a")
    for _ in range(3):
        assert backend.hit(bucket, "a", 0).remaining == 9


@pytest.mark.parametrize("client", ["", "a b\n", "{}", "é" * 5000, "\ud800", "x" * 100_000])
def test_a_client_may_be_any_text(backend, bucket, client):
    assert backend.hit(bucket, client, 10).allowed
    assert not backend.hit(bucket, client).allowed
    assert backend.hit(bucket, client + "!").allowed


def test_it_comes_back(backend):
    # 1000 a second, of which the burst is 500: a refused client waits for some milliseconds.
    quick = Bucket.named(uuid.uuid4().hex, parse_rate("1000/second", 500))
    assert backend.hit(quick, "a", 500).allowed
    for _ in range(100_000):
        if backend.hit(quick, "a", 10).allowed:
            return
    pytest.fail("nothing came back")


def test_threads_never_get_more(backend, bucket):
    allowed: list[bool] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(25):
            allowed.append(backend.hit(bucket, "a").allowed)
        caches.close_all()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 200
    assert 1 <= sum(allowed) <= 10
    if not isinstance(backend, CacheBackend):
        # A cache takes back what it added too much, and others may see it until then.
        assert sum(allowed) == 10


async def test_tasks_never_get_more(backend, bucket):
    decisions = await asyncio.gather(*(backend.ahit(bucket, "a") for _ in range(50)))
    assert 1 <= sum(d.allowed for d in decisions) <= 10


def test_clear_forgets(backend, bucket):
    assert backend.hit(bucket, "a", 10).allowed
    backend.clear()
    assert backend.hit(bucket, "a", 10).allowed


def test_check_is_content(backend):
    assert backend.check() is None


@pytest.mark.parametrize(
    "path",
    [
        "django.core.cache.backends.dummy.DummyCache",
        "django.core.cache.backends.filebased.FileBasedCache",
        "django.core.cache.backends.db.DatabaseCache",
    ],
)
def test_a_cache_that_cannot_count_is_refused(settings, path, tmp_path):
    settings.CACHES = {"default": {"BACKEND": path, "LOCATION": str(tmp_path)}}
    with pytest.raises(ImproperlyConfigured, match=r"RATE_LIMIT\.CACHE is 'default'.*incr"):
        CacheBackend()


def test_a_cache_that_is_not_there_is_named():
    with pytest.raises(ImproperlyConfigured, match=r"RATE_LIMIT\.CACHE is 'nowhere'"):
        CacheBackend("nowhere")


def test_a_wrong_url_is_not_repeated():
    with pytest.raises(ImproperlyConfigured, match="cannot read the URL") as caught:
        RedisBackend("rediss-typo://user:s3cret@host")
    assert "s3cret" not in repr(caught.value.__cause__)
    assert "s3cret" not in str(caught.value)
