"""A locmem cache, read without its own ``get``."""

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.test import Client, override_settings
from ninja import NinjaAPI

from ninja_boost_caching import cache_response
from ninja_boost_caching._statistics import statistics
from ninja_boost_caching.backends import current_backend
from ninja_boost_caching.keys import GENERATION, Names
from ninja_boost_caching.memory import LARGEST_UNPICKLED, InProcess
from ninja_boost_caching.representations import FORMAT, Entry
from ninja_boost_caching.storage import fetch

from .support import serving, status_of, with_cache

LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
DUMMY = "django.core.cache.backends.dummy.DummyCache"


@pytest.fixture
def cache():
    cache = LocMemCache("read", {"OPTIONS": {"MAX_ENTRIES": 4, "CULL_FREQUENCY": 2}})
    cache.clear()
    return cache


def test_it_reads_what_get_reads(cache, monkeypatch):
    memory = InProcess(cache)
    cache.set("a", {"b": (1, b"c")}, 60)
    assert memory.get("a") == cache.get("a") == {"b": (1, b"c")}
    assert memory.get("missing") is None
    cache.touch("a", -1)
    assert memory.get("a") is None
    cache.set("a", 1, 60)
    cache.clear()
    assert memory.get("a") is None


def test_a_name_that_was_read_goes_last(cache):
    memory = InProcess(cache)
    memory.get("nothing")  # which keeps a key of its own
    for name in "abc":
        cache.set(name, name, 60)
    assert memory.get("a") == "a"
    cache.set("d", "d", 60)
    assert [name for name in "abcd" if cache.get(name)] == ["a", "d"]


def test_generations_go_when_the_cache_was_cleared_and_begun_anew(cache):
    memory, another = InProcess(cache), InProcess(cache)
    memory.get("nothing")
    memory.add(f"{GENERATION}x", 7, 60)
    assert memory.get(f"{GENERATION}x") == 7
    cache.clear()
    another.get("nothing")
    assert memory.get(f"{GENERATION}x") is None


def test_keys_are_those_of_the_cache():
    cache = LocMemCache("prefixed", {"KEY_PREFIX": "p", "VERSION": 3})
    cache.set("a", 1)
    assert InProcess(cache).get("a") == 1
    assert "p:3:a" in cache._cache


def test_the_names_that_are_remembered_are_bounded(cache, monkeypatch):
    monkeypatch.setattr("ninja_boost_caching.memory.MOST_KEYS", 10)
    memory = InProcess(cache)
    for number in range(50):
        memory.get(f"name-{number}")
    assert len(memory._keys) <= 10


def entry_named(name, body=b"a", generations=(7,)):
    names = Names(f"{name}-entry", f"{name}-lock", (f"{GENERATION}{name}",), ())
    entry = Entry(FORMAT, generations, 1.0, 2.0, 2.0, 200, None, {}, body)
    return names, tuple(entry)


def kept_in(memory, cache, name="x", **more):
    names, entry = entry_named(name, **more)
    memory.get("nothing")
    memory.add(names.generations[0], 7, 60)
    cache.set(names.entry, entry, 60)
    return names


@pytest.mark.parametrize("size", [1, LARGEST_UNPICKLED + 1])
def test_an_entry_counts_for_as_long_as_the_cache_has_it(cache, size):
    memory = InProcess(cache)
    names = kept_in(memory, cache, body=b"a" * size)
    assert memory.fetch(names).body == memory.fetch(names).body == b"a" * size
    # Another process's, or this one's: what is there now counts.
    cache.set(names.entry, entry_named("x", body=b"b")[1], 60)
    assert memory.fetch(names).body == b"b"
    cache.touch(names.entry, -1)
    assert memory.fetch(names) is None
    kept_in(memory, cache)
    assert memory.fetch(names).body == b"a"
    cache.delete(names.entry)
    assert memory.fetch(names) is None


def test_an_entry_that_is_remembered_can_be_invalidated(cache):
    memory = InProcess(cache)
    names = kept_in(memory, cache)
    assert memory.fetch(names) is memory.fetch(names) is not None
    memory.delete(names.generations[0])
    assert memory.fetch(names) is None
    memory.add(names.generations[0], 8, 60)
    assert memory.fetch(names) is None
    memory = InProcess(cache)
    names = kept_in(memory, cache)
    assert memory.fetch(names)
    cache.clear()
    assert memory.fetch(names) is None


@pytest.mark.parametrize("kept", [1, (), (0,) * 9, (FORMAT, [7], *[None] * 7)])
def test_what_another_version_wrote_is_a_miss(cache, kept):
    memory = InProcess(cache)
    names = kept_in(memory, cache)
    cache.set(names.entry, kept, 60)
    assert memory.fetch(names) is None
    assert fetch(cache, names) is None


def test_the_entries_that_are_remembered_are_bounded(monkeypatch):
    monkeypatch.setattr("ninja_boost_caching.memory.MOST_UNPICKLED", 3)
    cache = LocMemCache("remembered", {})
    memory = InProcess(cache)
    for number in range(10):
        assert memory.fetch(kept_in(memory, cache, str(number))).body == b"a"
        assert len(memory._unpickled) <= 3
    assert memory.fetch(kept_in(memory, cache, "large", body=b"a" * LARGEST_UNPICKLED))
    assert "large-entry" not in memory._unpickled


def test_it_follows_the_caches():
    calls = []
    api = NinjaAPI(urls_namespace="follows")

    @api.get("/value")
    @cache_response(60)
    def value(request):
        calls.append(1)
        return {}

    def asked():
        before = statistics()["failures"]
        response = Client().get("/api/value")
        assert response.status_code == 200
        assert statistics()["failures"] == before
        return status_of(response)

    caches["default"].clear()
    with with_cache(ALIAS="default"), serving(api=api):
        assert [asked(), asked()] == ["fwd=miss", "hit"]
        backend = current_backend()
        with override_settings(CACHES={"default": {"BACKEND": DUMMY}}):
            assert "hit" not in (asked(), asked())
            assert backend._in_process is None
        another = {"default": {"BACKEND": LOCMEM, "LOCATION": "another"}}
        with override_settings(CACHES=another):
            assert [asked(), asked()] == ["fwd=miss", "hit"]
        assert [asked(), asked()][1] == "hit"
    # Once in each cache that keeps anything, and each time in the one that does not.
    assert len(calls) in (4, 5)


@pytest.mark.parametrize("name", ["USE_I18N", "USE_TZ", "USE_X_FORWARDED_HOST"])
def test_the_names_follow_the_settings(name):
    from django.test import RequestFactory

    from ninja_boost_caching.keys import names_of

    request = RequestFactory().get("/", headers={"x-forwarded-host": "other"})
    with override_settings(**{name: False}):
        off = names_of(request, "v", (), ()).entry
    with override_settings(**{name: True}):
        assert names_of(request, "v", (), ()).entry != off
