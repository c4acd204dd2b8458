"""What CacheBackend makes of gcra, without waiting."""

import itertools
import uuid

import pytest
from django.core.cache import caches
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_rate_limiting import BackendError, CacheBackend
from ninja_boost_rate_limiting.backends.base import Bucket
from ninja_boost_rate_limiting.gcra import NANOSECONDS
from ninja_boost_rate_limiting.rates import parse_rate
from tests.test_memory import Clock


def fresh(rate, burst=None):
    return Bucket.named(uuid.uuid4().hex, parse_rate(rate, burst))


def assert_bounded(admitted, quota):
    for first, (begin, _) in enumerate(admitted):
        units = 0
        for end, cost in admitted[first:]:
            units += cost
            assert units <= quota.burst + (end - begin) * quota.count // quota.interval


@given(
    st.sampled_from([("5/second", None), ("7/minute", 3), ("3/second", 12), ("1/second", 1)]),
    st.lists(st.tuples(st.floats(0, 4, width=16), st.integers(1, 6)), max_size=120),
)
def test_no_window_admits_more_than_the_burst_and_what_came_back(rate, steps):
    bucket, clock = fresh(*rate), Clock()
    backend, admitted = CacheBackend(clock=clock), []
    for intervals, cost in steps:
        clock.now += int(intervals * bucket.quota.interval / bucket.quota.count)
        cost = min(cost, bucket.quota.burst)
        if backend.hit(bucket, "a", cost).allowed:
            admitted.append((clock.now, cost))
    assert_bounded(admitted, bucket.quota)


@pytest.mark.parametrize(
    ("rate", "burst"),
    [("20/second", None), ("60/minute", None), ("7/second", 40), ("50/second", 10)],
)
def test_who_asks_all_the_time_gets_what_comes_back_and_no_more(rate, burst):
    bucket, clock = fresh(rate, burst), Clock()
    quota, backend = bucket.quota, CacheBackend(clock=clock)
    step = quota.interval // quota.count // 3
    admitted = []
    for _ in range(3 * quota.count * 4):
        clock.now += step
        if backend.hit(bucket, "a").allowed:
            admitted.append((clock.now, 1))
    assert_bounded(admitted, quota)
    # All that came back while it asked, and the burst; at most a window's worth is lost.
    assert len(admitted) >= quota.count * 4 + quota.burst - quota.burst // 4 - 2


@pytest.mark.parametrize(("seconds", "allowed"), [(60 - 1e-3, False), (75, True)])
def test_a_burst_of_one_loses_a_window(seconds, allowed):
    for offset in (0, 7.3, 14.9):
        bucket, clock = fresh("1/minute"), Clock()
        backend = CacheBackend(clock=clock)
        clock.now += int(offset * NANOSECONDS)
        assert backend.hit(bucket, "a").allowed
        refused = backend.hit(bucket, "a")
        assert not refused.allowed
        assert 60 <= bucket.quota.seconds(refused.retry_after) <= 75
        clock.now += int(seconds * NANOSECONDS)
        assert backend.hit(bucket, "a").allowed is allowed


@given(
    st.sampled_from([("5/second", None), ("7/minute", 3), ("3/second", 12), ("1/second", 1)]),
    st.lists(st.tuples(st.floats(0, 2, width=16), st.integers(1, 6)), max_size=60),
)
def test_who_waits_as_told_is_admitted(rate, steps):
    bucket, clock = fresh(*rate), Clock()
    quota, backend = bucket.quota, CacheBackend(clock=clock)
    for intervals, cost in steps:
        clock.now += int(intervals * quota.interval / quota.count)
        cost = min(cost, quota.burst)
        decision = backend.hit(bucket, "a", cost)
        if not decision.allowed:
            assert 0 < decision.retry_after <= decision.reset
            clock.now += -(-decision.retry_after // quota.count)
            assert backend.hit(bucket, "a", cost).allowed
    clock.now += -(-backend.hit(bucket, "a", 0).reset // quota.count)
    assert backend.hit(bucket, "a", quota.burst).allowed


def test_a_unit_that_comes_too_late_for_its_window_is_asked_for_again():
    bucket = fresh("4/second")
    # Windows of 250 ms: the first two attempts are overtaken by the end of theirs.
    times = iter([100, 260, 300, 510, 520, 530])
    backend = CacheBackend(clock=lambda: next(times) * 1_000_000)
    decision = backend.hit(bucket, "a")
    assert (decision.allowed, decision.remaining) == (True, 3)
    assert next(times, None) is None


def test_a_cache_that_never_counts_in_time_is_a_failure():
    times = itertools.count(100, 300)
    backend = CacheBackend(clock=lambda: next(times) * 1_000_000)
    with pytest.raises(BackendError, match=r"too slow for this limit.* 250 ms"):
        backend.hit(fresh("4/second"), "a")


def test_its_keys_do_not_say_who_the_client_is(settings):
    location = uuid.uuid4().hex
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": location,
        }
    }
    CacheBackend().hit(fresh("4/second"), "user:alice@example.org")
    keys = list(caches["default"]._cache)
    assert keys
    assert not any("alice" in key for key in keys)
