"""What only the backend in memory has: a bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_rate_limiting import InMemoryBackend
from ninja_boost_rate_limiting.backends.base import Bucket
from ninja_boost_rate_limiting.gcra import NANOSECONDS
from ninja_boost_rate_limiting.rates import parse_rate

LOGIN = Bucket.named("login", parse_rate("5/minute"))
SEARCH = Bucket.named("search", parse_rate("1/day"))


class Clock:
    def __init__(self):
        self.now = NANOSECONDS

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def held(backend):
    return sum(len(shard.tats) for shard in backend._shards.values())


@pytest.mark.slow
def test_a_million_clients_stay_within_the_bound():
    backend = InMemoryBackend(max_keys=10_000)
    largest = 0
    for number in range(1_000_000):
        backend.hit(LOGIN, f"ip:{number}")
        if not number % 10_000:
            largest = max(largest, len(backend))
            assert len(backend) == held(backend)
    assert 9_000 < largest <= 10_000


def test_clients_whose_bucket_is_full_again_go_by_themselves(clock):
    backend = InMemoryBackend(max_keys=100_000, clock=clock)
    for number in range(5_000):
        backend.hit(LOGIN, f"early:{number}")
    clock.now += 60 * NANOSECONDS
    for number in range(5_000):
        backend.hit(LOGIN, f"late:{number}")
    # Far below the bound, the early ones have made room.
    assert len(backend) == held(backend) == 5_000


def test_those_of_a_limit_that_nobody_uses_any_more_go_too(clock):
    backend = InMemoryBackend(max_keys=100_000, clock=clock)
    for number in range(5_000):
        backend.hit(LOGIN, f"early:{number}")
    clock.now += 60 * NANOSECONDS
    for number in range(5_000):
        backend.hit(SEARCH, f"late:{number}")
    assert len(backend) == held(backend) == 5_000


def throttle(backend, client="attacker"):
    while backend.hit(LOGIN, client).allowed:
        pass


def test_a_refused_client_is_not_forgotten_for_clients_that_asked_once(clock):
    backend = InMemoryBackend(max_keys=100, clock=clock)
    throttle(backend)
    for number in range(10_000):
        clock.now += 1000
        backend.hit(LOGIN, f"ip:{number}")
        assert len(backend) <= 100
    assert not backend.hit(LOGIN, "attacker").allowed


def test_a_flood_at_one_limit_does_not_reach_another(clock):
    # Each of the flood's clients is as deep in debt as can be, and for a whole day.
    backend = InMemoryBackend(max_keys=100, clock=clock)
    throttle(backend)
    for number in range(10_000):
        backend.hit(SEARCH, f"ip:{number}")
        assert len(backend) <= 100
    assert not backend.hit(LOGIN, "attacker").allowed


def test_refused_requests_and_looks_need_no_room():
    backend = InMemoryBackend(max_keys=10)
    for number in range(100):
        backend.hit(LOGIN, f"ip:{number}", 0)
    assert len(backend) == held(backend) == 0


@given(
    st.integers(1, 12),
    st.lists(
        st.tuples(
            st.sampled_from(["second", "minute", "day"]),
            st.integers(0, 20),
            st.integers(0, 40 * NANOSECONDS),
        ),
        max_size=200,
    ),
)
def test_the_size_is_what_is_held_and_never_more_than_the_bound(bound, hits):
    clock = Clock()
    backend = InMemoryBackend(max_keys=bound, clock=clock)
    for period, client, gap in hits:
        clock.now += gap
        bucket = Bucket.named(period, parse_rate(f"2/{period}"))
        backend.hit(bucket, str(client))
        assert len(backend) == held(backend) <= bound
        assert bucket.name in backend._shards


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20 * NANOSECONDS)), max_size=120),
)
def test_to_drop_the_full_buckets_changes_no_decision(hits):
    clock = Clock()
    backend = InMemoryBackend(max_keys=4, clock=clock)
    kept: dict[int, int] = {}
    for client, gap in hits:
        clock.now += gap
        expected = LOGIN.quota.decide(kept.get(client, 0), clock.now * 5, 1)
        kept[client] = expected.tat
        assert backend.hit(LOGIN, str(client)) == expected


def test_a_long_name_takes_no_more_room_than_a_short_one():
    backend = InMemoryBackend()
    for number in range(10):
        backend.hit(LOGIN, "x" * 8000 + str(number))
    assert max(len(name) for name in backend._shards[LOGIN.name].tats) <= 64
    assert len(backend) == 10


def test_a_bound_of_nothing_is_refused():
    with pytest.raises(ValueError, match="max_keys"):
        InMemoryBackend(max_keys=0)
