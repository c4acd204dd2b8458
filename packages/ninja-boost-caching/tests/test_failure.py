"""A cache that does not answer."""

import itertools
import logging
from typing import ClassVar

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.test import AsyncClient, Client
from ninja import NinjaAPI

from ninja_boost_caching import cache_manager, cache_response
from ninja_boost_caching.backends import current_backend
from ninja_boost_caching.checks import check_deployment, check_operations
from ninja_boost_core import AutoAPI

from .support import serving, status_of, with_cache


class Fragile(LocMemCache):
    """Fails while it is told to, in the methods that it is told."""

    failing: ClassVar[set[str]] = set()
    asked: ClassVar[list[str]] = []


def _fragile(name):
    real = getattr(LocMemCache, name)

    def method(self, *args, **kwargs):
        self.asked.append(name)
        if name in self.failing:
            raise ConnectionError("nobody there")
        return real(self, *args, **kwargs)

    return method


for _name in ("get_many", "add", "set", "delete", "delete_many"):
    setattr(Fragile, _name, _fragile(_name))

EVERYTHING = {"get_many", "add", "set", "delete", "delete_many"}


@pytest.fixture
def fragile(settings):
    settings.CACHES = {
        **settings.CACHES,
        "fragile": {"BACKEND": f"{__name__}.Fragile", "LOCATION": "fragile"},
    }
    Fragile.failing, Fragile.asked = set(), []
    caches["fragile"].clear()
    with with_cache(ALIAS="fragile", COOLDOWN=0):
        yield Fragile


def counter_api(kind=NinjaAPI, **options):
    api = kind()
    numbers = itertools.count(1)

    @api.get("/n")
    @cache_response(60, tags=["n"], **options)
    def view(request):
        return next(numbers)

    @api.get("/async")
    @cache_response(60, **options)
    async def aview(request):
        return next(numbers)

    return api


async def test_an_outage_is_a_miss(caplog, counted):
    with with_cache(ALIAS="broken", COOLDOWN=60), serving(api=counter_api()):
        client = AsyncClient()
        for number in range(1, 4):
            response = await client.get("/api/async")
            assert response.json() == number
            assert response["Cache-Status"].endswith("detail=outage")
            assert "ETag" in response
    # Asked once; then the cache is left alone.
    assert counted() == {"failures": 1, "bypassed": 3}
    [record] = caplog.records
    assert record.name == "ninja_boost.caching"
    assert record.levelno == logging.ERROR


def test_closed(counted):
    api = counter_api(lambda: AutoAPI(auth=None))
    with with_cache(ALIAS="broken", ON_ERROR="closed"), serving(api=api):
        response = Client().get("/api/n")
    assert response.status_code == 503
    assert response["Retry-After"] == "1"
    assert response.json()["ok"] is False


@pytest.mark.parametrize("method", sorted(EVERYTHING - {"delete_many"}))
def test_each_operation_may_fail(method, fragile, counted):
    with serving(api=counter_api(wait=0.1)):
        client = Client()
        fragile.failing = {method}
        assert client.get("/api/n").json() == 1
        fragile.failing = set()
        assert client.get("/api/n").status_code == 200
        client.get("/api/n")
        assert status_of(client.get("/api/n")) == "hit"
    assert counted()["failures"] == 1


def test_a_lock_that_was_lost_in_an_outage_ends(fragile):
    with serving(api=counter_api(lease=1, wait=10)):
        client = Client()
        fragile.failing = {"set", "delete"}
        assert "detail=outage" in client.get("/api/n")["Cache-Status"]
        fragile.failing = set()
        assert status_of(client.get("/api/n")) == "fwd=miss"
        assert status_of(client.get("/api/n")) == "hit"


def test_left_alone_for_a_while(fragile):
    with with_cache(ALIAS="fragile", COOLDOWN=60), serving(api=counter_api()):
        fragile.failing = EVERYTHING
        for _ in range(5):
            Client().get("/api/n")
        assert fragile.asked == ["get_many"]
        fragile.failing = set()
        current_backend()._resting_until = 0
        Client().get("/api/n")
        assert status_of(Client().get("/api/n")) == "hit"


def test_a_failed_invalidation_is_made_up_for(fragile, counted):
    with serving(api=counter_api()):
        client = Client()
        client.get("/api/n")
        assert status_of(client.get("/api/n")) == "hit"
        fragile.failing = {"delete_many"}
        cache_manager.invalidate_tags("n")
        cache_manager.invalidate_tags("n", "other")
        # Until it is done nothing is read from the cache.
        assert client.get("/api/n").json() == 2
        assert client.get("/api/n")["Cache-Status"].endswith("detail=outage")
        fragile.failing = set()
        assert status_of(client.get("/api/n")) == "fwd=miss"
        assert client.get("/api/n").json() == 4
    assert "invalidations" not in counted()


def test_too_many_owed_are_everything(fragile):
    with serving(api=counter_api()):
        Client().get("/api/n")
        fragile.failing = {"delete_many"}
        cache_manager.invalidate_tags(*map(str, range(2000)))
        assert len(current_backend()._owed) == 1
        fragile.failing = set()
        assert Client().get("/api/n").json() == 2


def test_owed_anew_while_paying(fragile):
    """An invalidation that fails while an earlier one of the same name is made up for."""
    backend = current_backend()
    backend._owe(("nbc:g:a",))
    real = LocMemCache.delete_many

    def delete_many(self, keys):
        real(self, keys)
        backend._owe(("nbc:g:a",))

    Fragile.delete_many, before = delete_many, Fragile.delete_many
    try:
        backend._pay()
    finally:
        Fragile.delete_many = before
    assert list(backend._owed) == ["nbc:g:a"]
    backend._pay()
    assert not backend._owed


@pytest.mark.parametrize(
    "rubbish", ["text", 7, (), (1,) * 9, (2, (), 0, 9e9, 9e9, 200, None, {}, b""), None]
)
def test_what_another_version_has_written_is_a_miss(rubbish):
    with serving(api=counter_api()):
        Client().get("/api/n")
        cache = caches["default"]
        [key] = [k for k in cache._cache if k.startswith(":1:nbc:e:")]
        cache.set(key.removeprefix(":1:"), rubbish)
        assert status_of(Client().get("/api/n")) == "fwd=miss"


class Unbuildable(LocMemCache):
    """Its constructor asks a server."""

    down: ClassVar[bool] = True

    def __init__(self, *args, **kwargs):
        if self.down:
            raise ConnectionError("nobody there")
        super().__init__(*args, **kwargs)


@pytest.fixture
def unbuildable(settings, caplog):
    caplog.set_level(logging.CRITICAL)
    settings.CACHES = {
        **settings.CACHES,
        "unbuildable": {"BACKEND": f"{__name__}.Unbuildable", "LOCATION": "unbuildable"},
    }
    Unbuildable.down = True
    with with_cache(ALIAS="unbuildable", COOLDOWN=0):
        yield Unbuildable
    Unbuildable.down = True


def test_a_cache_that_cannot_be_built_is_an_outage(unbuildable, counted):
    with serving(api=counter_api()):
        answers = [Client().get("/api/n") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0]["Cache-Status"].endswith("detail=outage")
        assert counted()["failures"] >= 2
        unbuildable.down = False
        assert status_of(Client().get("/api/n")) == "fwd=miss"
        assert status_of(Client().get("/api/n")) == "hit"


async def test_a_cache_that_cannot_be_built_is_an_outage_for_async_views(unbuildable):
    with serving(api=counter_api()):
        for _ in range(2):
            answer = await AsyncClient().get("/api/async")
            assert (answer.status_code, status_of(answer)) == (200, "fwd=bypass")
        unbuildable.down = False
        assert status_of(await AsyncClient().get("/api/async")) == "fwd=miss"
        assert status_of(await AsyncClient().get("/api/async")) == "hit"


def test_checks_do_without_a_cache_that_cannot_be_built(unbuildable):
    with serving(api=counter_api()):
        assert [each.id for each in check_deployment()] == ["ninja_boost_caching.W003"]
        assert list(check_operations()) == []


def test_a_cache_whose_library_is_missing_is_a_wrong_setting(settings, monkeypatch):
    def missing(self, *args, **kwargs):
        raise ModuleNotFoundError("No module named 'pylibmc'")

    monkeypatch.setattr(Unbuildable, "__init__", missing)
    settings.CACHES = {
        **settings.CACHES,
        "unbuildable": {"BACKEND": f"{__name__}.Unbuildable", "LOCATION": "unbuildable"},
    }
    with with_cache(ALIAS="unbuildable"):
        (message,) = check_operations()
        assert message.id == "ninja_boost_caching.E001"
        assert "pylibmc" in message.msg
