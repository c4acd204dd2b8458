"""What ``boost_doctor`` asks the stores."""

from __future__ import annotations

import socket

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.db import connections
from django.test import override_settings

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_core.doctor import ask
from ninja_boost_idempotency import CacheStore, DatabaseStore, RedisStore, idempotent
from ninja_boost_idempotency._feature import feature
from ninja_boost_idempotency.models import IdempotencyKey

from .services import REDIS_URL
from .support import serving
from .urls import Bearer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _alone():
    with serving(), override_settings(NINJA_BOOST={}):
        yield


class Greedy(LocMemCache):
    """Gives a key to everybody."""

    def get_many(self, *args, **kwargs):
        return {}

    def add(self, *args, **kwargs):
        return True


def answer(backend, **options):
    """What the one ping says."""
    with override_settings(NINJA_BOOST={"IDEMPOTENCY": {"BACKEND": backend, **options}}):
        (found,) = ask(list(feature.pings()), 10)
    return found


def test_only_what_is_used():
    assert list(feature.pings()) == []
    api, router = AutoAPI(urls_namespace="pings", auth=Bearer()), AutoRouter()
    for number, store in enumerate(["default", "default", DatabaseStore()]):
        router.post(f"/{number}")(idempotent(store=store)(lambda request: None))
    api.add_router("", router)
    with serving(api=api):
        assert [ping.name for ping in feature.pings()] == [
            "idempotency: CacheStore cache default",
            "idempotency: DatabaseStore database default",
        ]


def test_each_store(store):
    found = answer(store)
    assert found.ok, found.detail
    assert found.name.startswith(f"idempotency: {type(store).__name__} ")
    if isinstance(store, DatabaseStore):
        assert not IdempotencyKey.objects.using(store.using).filter(fingerprint="0" * 64).exists()


@pytest.mark.parametrize(
    ("on_error", "text"), [("closed", "requests with a key get a 503"), ("open", "retries run")]
)
def test_a_dead_redis(on_error, text):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        url = f"redis://app:hunter2@127.0.0.1:{port}/0"
        found = answer("ninja_boost_idempotency.RedisStore", REDIS_URL=url, ON_ERROR=on_error)
    assert not found.ok
    assert found.name == f"idempotency: RedisStore 127.0.0.1:{port}/0"
    assert found.detail.startswith("StoreError: Redis failed: ConnectionError")
    assert "hunter2" not in found.detail
    assert text in found.hint


def test_a_missing_table(database_without_tables):
    found = answer(DatabaseStore(database_without_tables))
    assert not found.ok
    assert "ninja_boost_idempotency are not applied to 'bare': 0001_initial" in found.detail
    assert found.hint == "Run: manage.py migrate ninja_boost_idempotency --database bare"
    call_command("migrate", database="bare", verbosity=0)
    assert answer(DatabaseStore(database_without_tables)).ok
    with connections["bare"].cursor() as cursor:
        cursor.execute("DROP TABLE ninja_boost_idempotency_idempotencykey")
    found = answer(DatabaseStore(database_without_tables))
    assert found.detail.startswith("StoreError: The database 'bare' failed: OperationalError")


@pytest.fixture
def database_without_tables(monkeypatch, tmp_path):
    name = str(tmp_path / "bare.sqlite3")
    bare = {"bare": {"ENGINE": "django.db.backends.sqlite3", "NAME": name}, "default": {}}
    settings = {**connections.settings, "bare": connections.configure_settings(bare)["bare"]}
    monkeypatch.setattr(connections, "settings", settings)
    yield "bare"
    connections["bare"].close()


def test_a_store_that_gives_a_key_twice():
    with override_settings(CACHES={"default": {"BACKEND": f"{__name__}.Greedy"}}):
        found = answer(CacheStore())
    assert found.detail == "It does not keep a key for one request alone."


def test_the_password_of_a_store_is_not_in_its_name():
    with override_settings(NINJA_BOOST={"IDEMPOTENCY": {"BACKEND": RedisStore(REDIS_URL)}}):
        (ping,) = feature.pings()
    assert "@" not in ping.name
