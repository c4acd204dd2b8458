"""What every store promises, asked of the store itself."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from ninja_boost_idempotency import CacheStore, Record, StoreError
from ninja_boost_idempotency.stores.redis import RedisStore

from .support import attempt, eventually, new_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def name():
    return new_key() * 2


def test_the_first_gets_the_key_and_others_see_that_it_runs(store, name):
    first = attempt("a" * 64)
    assert store.claim(name, first) is None
    assert store.claim(name, attempt()) == Record("a" * 64, None)


def test_a_result_is_kept_as_it_is(store, name):
    result = bytes(range(256)) * 300
    first = attempt("b" * 64)
    store.claim(name, first)
    assert store.complete(name, first, result)
    assert store.claim(name, attempt()) == Record("b" * 64, result)


def test_an_empty_result_is_a_result(store, name):
    first = attempt()
    store.claim(name, first)
    assert store.complete(name, first, b"")
    assert store.claim(name, attempt()).result == b""


def test_a_released_key_is_free(store, name):
    for _ in range(5):
        holder = attempt()
        assert store.claim(name, holder) is None
        assert store.release(name, holder)
    assert store.claim(name, attempt()) is None


def test_a_result_is_final(store, name):
    first = attempt()
    store.claim(name, first)
    store.complete(name, first, b"one")
    assert not store.complete(name, first, b"two")
    assert not store.release(name, first)
    assert store.claim(name, attempt()).result == b"one"


def test_who_has_no_key_cannot_complete_or_release_it(store, name):
    holder, stranger = attempt(), attempt()
    store.claim(name, holder)
    store.claim(name, stranger)
    if not isinstance(store, CacheStore):
        # There, a stranger's cell is of no consequence, and takes what is written.
        assert not store.complete(name, stranger, b"stolen")
        assert not store.release(name, stranger)
    else:
        store.complete(name, stranger, b"stolen")
    assert store.claim(name, attempt()).result is None
    assert store.complete(name, holder, b"mine")
    assert store.claim(name, attempt()).result == b"mine"


def test_after_the_lease_the_key_is_free_and_the_late_result_fenced_off(store, name):
    crashed = attempt(lease=0.1)
    assert store.claim(name, crashed) is None
    successor = attempt()
    eventually(lambda: store.claim(name, successor) is None)
    assert not store.complete(name, crashed, b"late")
    assert not store.release(name, crashed)
    assert store.claim(name, attempt()) == Record(successor.fingerprint, None)
    assert store.complete(name, successor, b"newer")
    assert not store.complete(name, crashed, b"late")
    assert store.claim(name, attempt()).result == b"newer"


def test_a_late_result_is_kept_if_nobody_took_the_key(store, name):
    slow = attempt(lease=0.001)
    store.claim(name, slow)
    assert store.complete(name, slow, b"slow")
    assert store.claim(name, attempt()).result == b"slow"


def test_a_result_expires(store, name):
    first = attempt(lease=0.1, ttl=0.1)
    store.claim(name, first)
    store.complete(name, first, b"old")
    eventually(lambda: store.claim(name, attempt()) is None)


def test_one_of_many_gets_the_key(store, name):
    start = threading.Barrier(8)

    def claim(_):
        start.wait(30)
        try:
            mine = attempt()
            return store.claim(name, mine)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(claim, range(8)))
    assert answers.count(None) == 1


def test_one_of_many_takes_a_lapsed_key_over(store, name):
    crashed = attempt(lease=0.1)
    store.claim(name, crashed)
    probe = Record(crashed.fingerprint, None)
    start = threading.Barrier(8)

    def take(_):
        start.wait(30)
        mine = attempt("9" * 64)
        try:
            return eventually(lambda: (answer := store.claim(name, mine)) != probe and (answer,))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for (answer,) in pool.map(take, range(8))]
    assert answers.count(None) == 1
    assert not store.complete(name, crashed, b"late")


def test_a_race_for_the_end_has_one_winner(store, name):
    """The holder completes at the moment when others take the key over."""
    for round_ in range(5):
        key = f"{round_:02x}{name[2:]}"
        slow, successor = attempt(lease=0.001), attempt()
        store.claim(key, slow)
        start = threading.Barrier(2)

        def complete(start=start, key=key, slow=slow):
            start.wait(30)
            try:
                return store.complete(key, slow, b"slow")
            finally:
                connections.close_all()

        def take(start=start, key=key, successor=successor):
            start.wait(30)
            try:
                return eventually(
                    lambda: (
                        (answer := store.claim(key, successor)) is None
                        or (answer.result is not None and answer)
                    )
                )
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            completing, taking = pool.submit(complete), pool.submit(take)
        kept, taken = completing.result(), taking.result() is True
        assert kept is not taken


async def test_the_async_operations_are_the_same(store, name):
    first = attempt("c" * 64)
    assert await store.aclaim(name, first) is None
    assert await store.aclaim(name, attempt()) == Record("c" * 64, None)
    assert await store.arelease(name, first)
    second = attempt()
    assert await store.aclaim(name, second) is None
    assert not await store.acomplete(name, first, b"late")
    assert await store.acomplete(name, second, b"result")
    assert (await store.aclaim(name, attempt())).result == b"result"


async def test_one_of_many_tasks_gets_the_key(store, name):
    answers = await asyncio.gather(*(store.aclaim(name, attempt()) for _ in range(20)))
    assert answers.count(None) == 1


def test_check_passes_while_the_store_works(store):
    assert store.check() is None


UNREACHABLE = "redis://:secret-password@127.0.0.1:1/0"


def test_a_redis_that_is_not_there_is_a_store_error(name):
    store = RedisStore(UNREACHABLE, timeout=0.2)
    for call in (
        store.check,
        lambda: store.claim(name, attempt()),
        lambda: store.complete(name, attempt(), b""),
        lambda: store.release(name, attempt()),
    ):
        with pytest.raises(StoreError) as caught:
            call()
        assert "secret-password" not in str(caught.value)


async def test_a_redis_that_is_not_there_is_a_store_error_in_async_code(name):
    store = RedisStore(UNREACHABLE, timeout=0.2)
    with pytest.raises(StoreError):
        await store.aclaim(name, attempt())


def test_a_cache_that_is_not_there_is_a_store_error(name, settings):
    settings.CACHES = {
        **settings.CACHES,
        "away": {**settings.CACHES["redis"], "LOCATION": UNREACHABLE},
    }
    store = CacheStore("away")
    with pytest.raises(StoreError):
        store.claim(name, attempt())
    with pytest.raises(StoreError):
        store.check()


def test_a_key_without_end_is_refused(name):
    store = CacheStore()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ninja_boost_idempotency.stores.cache.MOST_ATTEMPTS", 3)
        # As if the hint had been lost each time.
        patch.setattr("django.core.cache.backends.locmem.LocMemCache.set", lambda *a, **k: None)
        for _ in range(3):
            holder = attempt()
            assert store.claim(name, holder) is None
            store.release(name, holder)
        with pytest.raises(StoreError, match="3 attempts"):
            store.claim(name, attempt())
