"""Rates and limits as they are written."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ninja_boost_rate_limiting import RateLimiter, rate_limit
from ninja_boost_rate_limiting.limiter import Limit
from ninja_boost_rate_limiting.rates import PERIODS, parse_rate


@given(st.integers(1, 10_000_000), st.sampled_from(list(PERIODS)), st.integers(1, 10_000_000))
def test_a_rate_is_a_count_and_a_period(count, period, burst):
    assume(burst * PERIODS[period] / count < 10 * 365 * 86400)
    quota = parse_rate(f"{count}/{period}", burst)
    assert (quota.count, quota.period, quota.burst) == (count, PERIODS[period], burst)
    assert parse_rate(f"{count}/{period}").burst == count


@pytest.mark.parametrize(
    "rate",
    [
        "",
        "30",
        "30/",
        "/minute",
        "30/fortnight",
        "30/Minute",
        "30/minutes",
        "30 /minute",
        " 30/minute",
        "30/minute\n",
        "0/minute",
        "-1/minute",
        "1.5/minute",
        "1e3/minute",
        "1_000/minute",
        "٣/minute",
        "10000001/minute",
        "99999999999999999999/minute",
        None,
        30,
        ("30", "minute"),
    ],
)
def test_a_bad_rate_is_an_error_where_it_is_written(rate):
    with pytest.raises(ValueError, match="rate"):
        rate_limit(rate)
    with pytest.raises(ValueError, match="rate"):
        RateLimiter(rate, scope="x")


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"burst": 0}, ValueError, "burst"),
        ({"burst": True}, ValueError, "burst"),
        ({"burst": 2.5}, ValueError, "burst"),
        ({"key": "ip_address"}, ValueError, "key="),
        ({"key": None}, ValueError, "key="),
        ({"cost": 31}, ValueError, "cost="),
        ({"cost": 4, "burst": 3}, ValueError, "cost="),
        ({"cost": -1}, ValueError, "cost="),
        ({"cost": 1.5}, TypeError, "cost="),
        ({"exempt": "no"}, TypeError, "exempt="),
        ({"exempt": True}, ValueError, "exempt=True"),
        ({"methods": "POST"}, ValueError, "methods="),
        ({"methods": []}, ValueError, "methods="),
        ({"on_error": "shut"}, ValueError, "on_error="),
        ({"scope": ""}, ValueError, "scope="),
        ({"name": 'a"b'}, ValueError, "name"),
        ({"name": "é"}, ValueError, "name"),
        ({"name": "a\nb"}, ValueError, "name"),
        ({"colour": "red"}, TypeError, "colour"),
    ],
)
def test_a_bad_argument_is_an_error_where_it_is_written(options, error, named):
    with pytest.raises(error, match=named):
        rate_limit("30/minute", **options)


@pytest.mark.parametrize("argument", ["key", "cost", "exempt"])
def test_a_coroutine_function_is_an_error_where_it_is_written(argument):
    async def answer(*arguments):
        return 1

    with pytest.raises(TypeError, match=f"{argument}= is asynchronous"):
        rate_limit("30/minute", **{argument: answer})


def test_a_burst_that_nobody_lives_to_see_again_is_an_error():
    with pytest.raises(ValueError, match="ten years"):
        rate_limit("1/day", burst=10_000)


def test_names_tell_limits_apart():
    assert Limit(rate="30/minute").name == "30-minute-ip"
    assert Limit(rate="30/minute", key="user").name == "30-minute-user"
    assert Limit(rate="30/minute", key=lambda request, ctx: 1).name == "30-minute-key"
    assert Limit(rate="30/minute", scope="search").name == "search"
    assert Limit(rate="30/minute", scope="search", name="own").name == "own"


def test_another_rate_is_another_bucket():
    names = {
        Limit(rate=rate, burst=burst, scope="search").bucket("").name
        for rate in ("30/minute", "30/hour", "31/minute")
        for burst in (None, 5)
    }
    assert len(names) == 6
