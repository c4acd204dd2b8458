"""The script, the connections, the cluster."""

import asyncio
import uuid

import pytest
import redis
from asgiref.sync import async_to_sync
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ninja_boost_rate_limiting import BackendError, RedisBackend
from ninja_boost_rate_limiting.backends.base import Bucket
from ninja_boost_rate_limiting.backends.redis import PREFIX, SCRIPT, _call
from ninja_boost_rate_limiting.rates import MAXIMUM, PERIODS, parse_rate
from tests.redis_server import RedisServer, until

BUCKET = Bucket.named("test", parse_rate("10/hour"))
# The same script with a clock that the test sets; the keys outlast the test, whose clock is slow.
CLOCKED = SCRIPT.replace("redis.call('TIME')", "{ARGV[6], ARGV[7]}").replace("+ 1)", "+ 60001)")


@pytest.fixture
def client(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        yield client


counts = st.one_of(st.integers(1, 100), st.integers(1, MAXIMUM))


@given(
    counts,
    counts,
    st.sampled_from(list(PERIODS)),
    st.lists(
        st.tuples(st.floats(0, 3), st.integers(-2, 2), st.floats(0, 1)), min_size=1, max_size=25
    ),
)
@hypothesis_settings(
    max_examples=60, suppress_health_check=list(hypothesis_settings().suppress_health_check)
)
def test_the_script_reckons_as_gcra_does_and_loses_nothing(count, burst, period, requests):
    client = test_the_script_reckons_as_gcra_does_and_loses_nothing.client
    assume(burst * PERIODS[period] / count < 10 * 365 * 86400)
    quota = parse_rate(f"{count}/{period}", burst)
    now, tat = 1_800_000_000 * 1_000_000, 0
    name = uuid.uuid4().hex
    for intervals, off, share in requests:
        now += max(0, int(intervals * quota.period * 1_000_000 / count) + off)
        cost = int(share * burst)
        key, arguments = _call(Bucket.named(name, quota), "a", cost)
        clock = (now // 1_000_000, now % 1_000_000)
        ahead, rest = client.eval(CLOCKED, 1, key, *arguments, *clock)
        # Ticks of 1/count microseconds.
        assert ahead * count + rest == max(tat - now * count, 0)
        expected = quota.decide(tat * 1000, now * count * 1000, cost)
        assert expected.tat % 1000 == 0
        if expected.allowed and cost:
            tat = expected.tat // 1000
            kept_tat, kept_rest = map(int, client.get(key).split(b":"))
            assert kept_tat * count + kept_rest == tat
            # It is there for as long as it says something, and hardly longer.
            left = client.pttl(key) - (tat // count - now) / 1000
            assert 0 < left <= 60_002
    client.delete(key)


@pytest.fixture(autouse=True)
def _client(client):
    test_the_script_reckons_as_gcra_does_and_loses_nothing.client = client


def test_it_survives_a_server_that_forgot_the_script(redis_url, client):
    backend = RedisBackend(redis_url, timeout=5)
    name = uuid.uuid4().hex
    for _ in range(2):
        client.script_flush()
        assert backend.hit(BUCKET, name).allowed
        client.script_flush()
        assert asyncio.run(backend.ahit(BUCKET, name)).allowed
    assert backend.hit(BUCKET, name, 0).remaining == 6


def test_its_keys_do_not_say_who_the_client_is_and_go_away(redis_url, client):
    backend = RedisBackend(redis_url, timeout=5)
    backend.hit(BUCKET, "user:alice@example.org")
    keys = list(client.scan_iter(match=f"{PREFIX}*"))
    assert keys
    assert all(b"alice" not in key and client.pttl(key) > 0 for key in keys)


def connections(client, name):
    return sum(1 for each in client.client_list() if each["name"] == name)


def run_as_wsgi_does(coroutine):
    async def view():
        return await coroutine

    return async_to_sync(view)()


@pytest.mark.parametrize("run", [asyncio.run, run_as_wsgi_does])
def test_connections_end_with_their_event_loop(redis_url, client, run):
    # Under WSGI each request to an async view has a loop of its own.
    backend = RedisBackend(redis_url, timeout=5, client_name="of-the-test")

    async def hits():
        await asyncio.gather(*(backend.ahit(BUCKET, uuid.uuid4().hex) for _ in range(5)))
        return connections(client, "of-the-test")

    for _ in range(3):
        assert 1 <= run(hits()) <= 5
        until(lambda: connections(client, "of-the-test") == 0)


def test_tasks_of_one_loop_share_their_connections(redis_url, client):
    backend = RedisBackend(redis_url, timeout=5, client_name="shared")

    async def hits():
        for _ in range(20):
            assert (await backend.ahit(BUCKET, uuid.uuid4().hex)).allowed
        return connections(client, "shared")

    assert asyncio.run(hits()) == 1
    assert not backend._clients


def test_what_a_loop_that_ended_badly_left_is_dropped(redis_url):
    backend = RedisBackend(redis_url, timeout=5)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(backend.ahit(BUCKET, uuid.uuid4().hex))
    (client, _) = backend._clients[loop]
    loop.run_until_complete(client.aclose())
    loop.close()
    assert list(backend._clients) == [loop]
    asyncio.run(backend.ahit(BUCKET, uuid.uuid4().hex))
    assert not backend._clients


@pytest.fixture(scope="module")
def cluster():
    server = RedisServer("--cluster-enabled", "yes")
    with redis.Redis(port=server.port) as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO") or None)
    yield server
    server.close()


def test_a_cluster(cluster):
    backend = RedisBackend(cluster.url, timeout=5, cluster=True)
    backend.check()
    allowed = [backend.hit(BUCKET, "a").allowed for _ in range(12)]
    assert allowed == [True] * 10 + [False] * 2
    for number in range(50):
        assert backend.hit(BUCKET, f"client {number}").allowed
    backend.clear()
    assert backend.hit(BUCKET, "a").allowed


def test_a_cluster_in_async_code(cluster):
    backend = RedisBackend(cluster.url, timeout=5, cluster=True)

    async def hits():
        return [(await backend.ahit(BUCKET, "b")).allowed for _ in range(12)]

    assert asyncio.run(hits()) == [True] * 10 + [False] * 2


def test_a_cluster_that_is_not_there(server):
    server.kill()
    backend = RedisBackend(server.url, timeout=0.2, cluster=True)
    with pytest.raises(BackendError):
        backend.hit(BUCKET, "a")
    with pytest.raises(BackendError):
        backend.check()
    with pytest.raises(BackendError):
        asyncio.run(backend.ahit(BUCKET, "a"))
