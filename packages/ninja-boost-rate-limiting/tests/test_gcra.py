"""The algorithm against an exact one that knows nothing of theoretical arrival times."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_rate_limiting.gcra import NANOSECONDS, Quota, decide
from ninja_boost_rate_limiting.rates import PERIODS, parse_rate


class TokenBucket:
    """Fills continuously with ``count / period`` tokens a second, up to ``burst``."""

    def __init__(self, quota):
        self.quota = quota
        self.rate = Fraction(quota.count, quota.period * NANOSECONDS)
        self.tokens = Fraction(quota.burst)
        self.at = None

    def take(self, now, cost):
        if self.at is not None:
            filled = self.tokens + (now - self.at) * self.rate
            self.tokens = min(Fraction(self.quota.burst), filled)
        self.at = now
        if self.tokens < cost:
            return False
        self.tokens -= cost
        return True

    def time_until(self, tokens):
        return max(Fraction(0), (tokens - self.tokens) / self.rate)


quotas = st.builds(
    Quota,
    count=st.integers(1, 1000),
    period=st.sampled_from([*PERIODS.values(), 7]),
    burst=st.integers(1, 50),
)


@st.composite
def arrivals(draw):
    """A quota, and requests whose distances are near what decides: multiples of the interval."""
    quota = draw(quotas)
    interval = quota.interval // quota.count
    near = st.builds(
        lambda times, off: max(0, times * interval + off), st.integers(0, 3), st.integers(-2, 2)
    )
    gaps = st.one_of(st.integers(0, interval // 3 + 1), near, st.integers(0, 60 * interval))
    requests = draw(st.lists(st.tuples(gaps, st.integers(0, quota.burst)), min_size=1, max_size=60))
    return quota, requests


@given(arrivals(), st.integers(0, 2**62))
def test_it_decides_as_a_bucket_that_fills_continuously(case, start):
    quota, requests = case
    bucket, tat, now = TokenBucket(quota), 0, start
    for gap, cost in requests:
        now += gap
        decision = quota.decide(tat, now * quota.count, cost)
        assert decision.allowed is bucket.take(now, cost)
        assert decision.remaining == int(bucket.tokens)
        ticks = quota.count
        assert decision.reset == bucket.time_until(quota.burst) * ticks
        assert decision.retry_after == (0 if decision.allowed else bucket.time_until(cost) * ticks)
        tat = decision.tat


@given(arrivals())
def test_no_window_admits_more_than_the_burst_and_what_came_back(case):
    quota, requests = case
    admitted, tat, now = [], 0, 0
    for gap, cost in requests:
        now += gap
        decision = quota.decide(tat, now * quota.count, cost)
        tat = decision.tat
        if decision.allowed:
            admitted.append((now, cost))
    for first, (begin, _) in enumerate(admitted):
        units = 0
        for end, cost in admitted[first:]:
            units += cost
            assert units <= quota.burst + (end - begin) * quota.count // quota.interval


@given(arrivals())
def test_a_client_that_waits_as_told_is_admitted_and_not_before(case):
    quota, requests = case
    tat, now = 0, 0
    for gap, cost in requests:
        now += gap * quota.count
        decision = quota.decide(tat, now, cost)
        if not decision.allowed:
            assert not quota.decide(decision.tat, now + decision.retry_after - 1, cost).allowed
            assert quota.decide(decision.tat, now + decision.retry_after, cost).allowed
        tat = decision.tat


@pytest.mark.parametrize("rate", ["7/minute", "3/second", "999/hour", "86399/day", "9999999/day"])
def test_a_rate_that_does_not_divide_its_period_does_not_drift(rate):
    quota = parse_rate(rate)
    tat = now = 5 * quota.second
    for _ in range(3):
        decision = quota.decide(tat, now, quota.burst)
        assert decision.allowed
        assert decision.remaining == 0
        assert not quota.decide(decision.tat, now, 1).allowed
        # After exactly one period everything is there again, and not one tick earlier.
        tat, now = decision.tat, now + quota.period * quota.second
        assert quota.decide(tat, now, 0).remaining == quota.count
        assert quota.decide(tat, now - 1, 0).remaining == quota.count - 1


def test_what_a_client_may_do():
    minute = parse_rate("30/minute")
    second = minute.second
    tat, now = 0, 1000 * second
    for left in reversed(range(30)):
        decision = minute.decide(tat, now, 1)
        tat = decision.tat
        assert (decision.allowed, decision.remaining) == (True, left)
    refused = minute.decide(tat, now, 1)
    assert not refused.allowed
    assert minute.seconds(refused.retry_after) == 2
    assert minute.seconds(refused.reset) == 60
    assert refused.tat == tat
    assert minute.decide(tat, now + 2 * second, 1).allowed


def test_decide_takes_times_of_any_unit():
    decision = decide(tat=0, now=100, emission_interval=10, burst_tolerance=30)
    assert (decision.tat, decision.remaining, decision.reset) == (110, 2, 10)
