"""Keys, prefixes and tags; slow writers; lost generations; transactions."""

import itertools
import threading

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import transaction
from django.test import AsyncClient, Client, TestCase
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ninja import NinjaAPI

from ninja_boost_caching import cache_manager, cache_response
from ninja_boost_caching.backends import current_backend
from ninja_boost_caching.keys import key_generations, names_of, prefix_generation, raw_key
from ninja_boost_caching.memory import InProcess
from ninja_boost_caching.settings import current_options
from ninja_boost_core import AutoAPI

from .support import ALICE, BOB, Bearer, clear, serving, status_of, with_cache


def shop():
    api = NinjaAPI(auth=Bearer())
    numbers = itertools.count(1)

    @api.get("/products", auth=None)
    @cache_response(600, tags=["products"])
    def list_products(request):
        return next(numbers)

    @api.get("/products/{product_id}")
    @cache_response(600, key="user", tags=["products", "product:{product_id}"])
    def get_product(request, product_id: int):
        return next(numbers)

    @api.get("/products-old", auth=None)
    @cache_response(600)
    def old_products(request):
        return next(numbers)

    @api.get("/async/{name}", auth=None)
    @cache_response(600, tags=lambda request, ctx, name: [f"name:{name}"])
    async def by_name(request, name: str):
        return next(numbers)

    return api


VIEW = f"{shop.__module__}.shop.<locals>"
URLS = ("/api/products", "/api/products/1", "/api/products/2", "/api/products-old")


def hits(client=None, urls=URLS):
    client = client or Client(headers=ALICE)
    return [url for url in urls if status_of(client.get(url)) == "hit"]


def fill():
    for who in (ALICE, BOB):
        hits(Client(headers=who))
        assert hits(Client(headers=who)) == list(URLS)


def test_a_raw_key_for_all_users(alias):
    with serving(api=shop()):
        fill()
        cache_manager.invalidate_key(f"{VIEW}.get_product:/api/products/1:")
        for who in (ALICE, BOB):
            client = Client(headers=who)
            assert hits(client) == ["/api/products", "/api/products/2", "/api/products-old"]
            assert hits(client) == list(URLS)


def test_a_prefix_is_whole_segments(alias):
    with serving(api=shop()):
        fill()
        cache_manager.invalidate_prefix("/api/products")
        assert hits() == ["/api/products-old"]
        cache_manager.invalidate_prefix("/api/products/1/")
        assert hits() == ["/api/products", "/api/products/2", "/api/products-old"]
        cache_manager.invalidate_prefix("/")
        assert hits() == []


def test_tags(alias):
    with serving(api=shop()):
        fill()
        cache_manager.invalidate_tags("product:2", "nothing")
        assert hits() == ["/api/products", "/api/products/1", "/api/products-old"]
        cache_manager.invalidate_tags("products")
        assert hits() == ["/api/products-old"]
        cache_manager.invalidate_tags()
        assert hits() == list(URLS)


async def test_async(alias):
    with serving(api=shop()):
        client = AsyncClient()

        async def is_hit():
            return status_of(await client.get("/api/async/x")) == "hit"

        for invalidate in (
            lambda: cache_manager.ainvalidate_tags("name:x"),
            lambda: cache_manager.ainvalidate_prefix("/api/async"),
            lambda: cache_manager.ainvalidate_key(f"{VIEW}.shop:/api/async/x:"),
            lambda: cache_manager.ainvalidate_key(f"{VIEW}.by_name:/api/async/x:"),
        ):
            await is_hit()
            assert await is_hit()
            await invalidate()
        assert not await is_hit()
        await cache_manager.ainvalidate_tags("name:y")
        assert await is_hit()


def test_a_query_in_any_order_and_a_path_with_colons():
    api = NinjaAPI()

    @api.get("/{name}")
    @cache_response(600)
    def view(request, name: str):
        return 1

    where = f"{__name__}.test_a_query_in_any_order_and_a_path_with_colons.<locals>.view"
    with serving(api=api):
        url = "/api/a:b?y=10:30&x=1"
        assert hits(urls=[url] * 2) == [url]
        cache_manager.invalidate_key(f"{where}:/api/a:b:")
        assert hits(urls=[url]) == [url]
        cache_manager.invalidate_key(f"{where}:/api/a:b:y=10:30&x=1")
        assert hits(urls=[url] * 2) == [url]
        cache_manager.invalidate_key(f"{where}:/api/a:b:x=1&y=10:30")
        assert hits(urls=[url]) == []


@given(st.text("/:a=&b", max_size=8).map("/".__add__), st.text(":a=&b1", max_size=8))
def test_every_raw_key_is_found(path, query):
    assert key_generations(raw_key("m.v", path, query))[0:1]
    looked_up = names_of(FakeRequest(path, query), "m.v", (), ()).generations
    assert looked_up[0] in key_generations(f"m.v:{path}:{query}")
    assert prefix_generation(path) in looked_up
    assert prefix_generation("/") in looked_up


class FakeRequest:
    def __init__(self, path, query):
        self.path = path
        self.META = {"QUERY_STRING": query, "wsgi.url_scheme": "http"}


@pytest.mark.parametrize("wrong", ["", "products", "/api/products", "a:/b", "api/x?y", ":/a:"])
def test_what_is_no_key(wrong):
    with pytest.raises(ValueError, match="is no raw key"):
        cache_manager.invalidate_key(wrong)


@pytest.mark.parametrize("wrong", ["", "api", "/api?x=1"])
def test_what_is_no_prefix(wrong):
    with pytest.raises(ValueError, match="is no path"):
        cache_manager.invalidate_prefix(wrong)


def test_what_is_no_tag():
    with pytest.raises(ValueError, match="is no tag"):
        cache_manager.invalidate_tags("")


INVALIDATIONS = {
    "key": lambda view: cache_manager.invalidate_key(f"{view}:/api/value:"),
    "prefix": lambda view: cache_manager.invalidate_prefix("/api"),
    "tag": lambda view: cache_manager.invalidate_tags("values"),
    "evicted": lambda view: clear(current_options().ALIAS),
}


@pytest.mark.parametrize("how", INVALIDATIONS)
@pytest.mark.parametrize("first", [True, False], ids=["cold", "warm"])
def test_a_slow_writer_puts_nothing_back(how, first, alias):
    """It reads, the row changes and is invalidated, and only then it stores what it has read."""
    value = ["old"]
    interfere = []
    api = NinjaAPI()

    @api.get("/value")
    @cache_response(600, tags=["values"])
    def view(request):
        read = value[0]
        if interfere:
            interfere.pop()()
        return read

    where = f"{view.__module__}.{view.__qualname__}"

    def change():
        value[0] = "new"
        INVALIDATIONS[how](where)

    with serving(api=api):
        client = Client()
        if not first:
            client.get("/api/value")
            INVALIDATIONS[how](where)
        interfere.append(change)
        slow = client.get("/api/value")
        assert slow.json() == "old"
        for _ in range(2):
            assert client.get("/api/value").json() == "new"
        assert status_of(client.get("/api/value")) == "hit"


def test_a_slow_writer_and_a_fast_one(alias):
    """While the slow one still computes, another fills the cache with the new value."""
    value = ["old"]
    reading, go = threading.Event(), threading.Event()
    api = NinjaAPI()

    @api.get("/value")
    @cache_response(600, tags=["values"], wait=0)
    def view(request):
        read = value[0]
        if read == "old":
            reading.set()
            assert go.wait(20)
        return read

    with serving(api=api):
        answers = []

        def ask():
            from django.db import connections

            try:
                answers.append(Client().get("/api/value").json())
            finally:
                connections.close_all()

        slow = threading.Thread(target=ask)
        slow.start()
        assert reading.wait(20)
        value[0] = "new"
        cache_manager.invalidate_tags("values")
        assert Client().get("/api/value").json() == "new"
        go.set()
        slow.join(20)
        assert answers == ["old"]
        assert Client().get("/api/value").json() == "new"
        assert status_of(Client().get("/api/value")) == "hit"


class EveryKey(LocMemCache):
    """A cache of another kind, for which everything is in the cache, generations too."""


@pytest.fixture(params=["in process", "in the cache"])
def evictable(request, settings):
    settings.CACHES = {
        **settings.CACHES,
        "every key": {"BACKEND": f"{__name__}.EveryKey", "LOCATION": "every key"},
    }
    with with_cache(ALIAS="default" if request.param == "in process" else "every key"):
        yield caches[current_options().ALIAS]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_lost_generation_resurrects_nothing(evictable, data):
    """Any of the keys may be evicted at any time, in a computation, too: old answers stay away."""
    cache, backend = evictable, current_backend()
    cache.clear()
    value = [0]
    api = NinjaAPI()

    def act(*actions):
        action = data.draw(st.sampled_from(actions))
        if action == "change":
            value[0] += 1
            cache_manager.invalidate_tags("values")
        elif action == "evict":
            stores = [cache._cache]
            if backend._in_process:
                stores.append(backend._in_process._generations)
            keys = sorted((i, key) for i, store in enumerate(stores) for key in store)
            which = data.draw(st.integers(0, 19))
            if keys:
                index, key = keys[which % len(keys)]
                if index:
                    stores[index].pop(key)
                else:
                    cache._delete(key)
        return action

    @api.get("/value")
    @cache_response(600, tags=["values"])
    def view(request):
        read = value[0]
        for _ in range(data.draw(st.integers(0, 2))):
            act("change", "evict")
        return read

    with serving(api=api):
        client = Client()
        for _ in range(data.draw(st.integers(1, 6))):
            if act("read", "read", "change", "evict") == "read":
                oldest = value[0]
                assert client.get("/api/value").json() >= oldest


def test_after_the_commit_and_never_before(databases):
    with serving(api=shop()):
        fill()
        with transaction.atomic():
            cache_manager.invalidate_tags("products")
            assert hits() == list(URLS)
        assert hits() == ["/api/products-old"]
        assert hits() == list(URLS)
        with transaction.atomic():
            cache_manager.invalidate_prefix("/")
            transaction.set_rollback(True)
        assert hits() == list(URLS)


def test_each_open_transaction_counts(databases):
    from django.conf import settings

    if "postgresql" in settings.MISSING:
        pytest.skip(settings.MISSING["postgresql"])
    with serving(api=shop()):
        fill()
        with transaction.atomic(using="postgresql"):
            with transaction.atomic():
                cache_manager.invalidate_prefix("/")
            assert hits() == []
            assert hits() == list(URLS)
        assert hits() == []


@pytest.mark.django_db
def test_in_a_test_case_at_once():
    assert TestCase.databases
    with serving(api=shop()):
        fill()
        cache_manager.invalidate_tags("products")
        assert hits() == ["/api/products-old"]


def test_invalidation_does_not_grow_with_the_answers(monkeypatch):
    calls = []
    real = InProcess.delete_many
    monkeypatch.setattr(
        InProcess, "delete_many", lambda self, keys: (calls.append(keys), real(self, keys))
    )
    api = AutoAPI(auth=None)

    @api.get("/x")
    @cache_response(600, tags=["t"])
    def view(request, n: int):
        return n

    with serving(api=api):
        urls = [f"/api/x?n={n}" for n in range(50)]
        hits(urls=urls)
        assert hits(urls=urls) == urls
        calls.clear()
        cache_manager.invalidate_tags("t")
        assert [len(keys) for keys in calls] == [1]
        assert hits(urls=urls) == []


def test_a_path_can_be_deep():
    api = NinjaAPI()

    @api.get("/{path:path}")
    @cache_response(600)
    def view(request, path: str):
        return path

    with serving(api=api), with_cache():
        url = "/api/" + "/".join("a" * 40)
        assert hits(urls=[url] * 2) == [url]
        cache_manager.invalidate_prefix(url)
        assert hits(urls=[url]) == []
