"""The clock, and what obeys it."""

import dataclasses
import sys
import time
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest
from django.core import signing
from django.core.cache import cache
from django.core.management import call_command
from django.test import override_settings
from django.urls import path
from django.utils import timezone
from ninja import NinjaAPI, Router

HOUR = 3600


def far_apart(later, earlier):
    return HOUR <= later - earlier < HOUR + 60


def test_it_advances(clock):
    before, moment = clock.time(), clock.now()
    clock.advance(HOUR / 2)
    clock.advance(timedelta(minutes=30))
    assert far_apart(clock.time(), before)
    assert timedelta(seconds=HOUR) <= clock.now() - moment < timedelta(seconds=HOUR + 60)


def test_it_does_not_go_back(clock):
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_what_of_django_obeys(clock):
    cache.set("key", "value", timeout=60)
    token, moment = signing.dumps("ann"), timezone.now()
    assert cache.get("key") == "value"
    clock.advance(HOUR)
    assert cache.get("key") is None
    assert timezone.now() - moment >= timedelta(hours=1)
    assert type(timezone.now()) is datetime
    with pytest.raises(signing.SignatureExpired):
        signing.loads(token, max_age=60)


def test_what_waits_sees_nothing(clock):
    before = time.time(), time.monotonic(), datetime.now(UTC).timestamp()
    clock.advance(HOUR)
    after = time.time(), time.monotonic(), datetime.now(UTC).timestamp()
    assert all(b - a < 60 for a, b in zip(before, after, strict=True))


SOURCE = """
import datetime as dt
import time
from datetime import datetime, UTC
from time import monotonic, monotonic_ns as ns, time_ns


def default(clock=monotonic, *, keyword=ns):
    return clock(), keyword()


class Store:
    def __init__(self, clock=time.time):
        self.clock = clock

    @staticmethod
    def static(clock=ns):
        return clock()


def read():
    now = datetime.now(UTC)
    assert isinstance(now, datetime) and isinstance(now, dt.datetime)
    assert issubclass(type(now), datetime) and type(datetime(2026, 1, 1)) is type(now)
    return [
        time.time(), time.monotonic(), monotonic(), ns() / 1e9, time_ns() / 1e9, now.timestamp(),
        dt.datetime.now(UTC).timestamp(), default()[0], default()[1] / 1e9, Store().clock(),
        Store.static() / 1e9, time.time_ns() / 1e9, time.monotonic_ns() / 1e9,
    ]
"""


@pytest.fixture
def shop(monkeypatch):
    module = ModuleType("shop_tokens")
    exec(SOURCE, module.__dict__)
    monkeypatch.setitem(sys.modules, "shop_tokens", module)
    return module


def test_a_module_of_your_own(clock, shop):
    clock.include("shop_tokens")
    before = shop.read()
    clock.advance(HOUR)
    assert all(far_apart(b, a) for a, b in zip(before, shop.read(), strict=True))


def test_a_module_that_is_not_included(clock, shop):
    before = shop.read()
    clock.advance(HOUR)
    assert all(b - a < 60 for a, b in zip(before, shop.read(), strict=True))


def test_everything_is_put_back(shop, request):
    names = dict(vars(shop))
    defaults = shop.default.__defaults__, dict(shop.default.__kwdefaults__)
    now = vars(timezone)["datetime"]
    clock = request.getfixturevalue("clock")
    clock.include("shop_tokens")
    clock.advance(HOUR)
    assert vars(shop) != names
    clock.stop()
    assert vars(shop) == names
    assert (shop.default.__defaults__, shop.default.__kwdefaults__) == defaults
    assert vars(timezone)["datetime"] is now is datetime
    assert clock.time() - time.time() < 60


def test_limits_in_memory_and_in_a_cache(clock):
    limiting = pytest.importorskip("ninja_boost_rate_limiting")
    from ninja_boost_rate_limiting.backends.base import Bucket
    from ninja_boost_rate_limiting.rates import parse_rate

    bucket = Bucket.named("b", parse_rate("2/minute"))
    for backend in (limiting.InMemoryBackend(), limiting.CacheBackend()):
        allowed = [backend.hit(bucket, "c").allowed for _ in range(3)]
        assert allowed == [True, True, False]
        clock.advance(120)
        assert backend.hit(bucket, "c").allowed


def test_idempotency_keys(clock):
    pytest.importorskip("ninja_boost_idempotency")
    from ninja_boost_idempotency.stores.base import Attempt
    from ninja_boost_idempotency.stores.cache import CacheStore

    store = CacheStore()

    def claim(token):
        return store.claim("key", Attempt(token, "fingerprint", lease=30, ttl=600))

    assert claim("a") is None
    assert claim("b") is not None
    clock.advance(60)
    assert claim("c") is None


def test_tokens(clock):
    pytest.importorskip("ninja_boost_jwt")
    from ninja_boost_jwt import create_jwt_token, decode_jwt_token

    with override_settings(DEBUG=True):
        token = create_jwt_token({"user_id": 1}, expires_in=timedelta(minutes=5))
        assert decode_jwt_token(token)
        clock.advance(HOUR)
        assert decode_jwt_token(token) is None


def test_audit_records(clock):
    pytest.importorskip("ninja_boost_audit")
    from ninja_boost_audit.records import Record

    def timestamp():
        (field,) = (f for f in dataclasses.fields(Record) if f.name == "timestamp")
        return field.default_factory().timestamp()

    before = timestamp()
    clock.advance(HOUR)
    assert far_apart(timestamp(), before)


def test_health_results(clock):
    health = pytest.importorskip("ninja_boost_health")
    from ninja_boost_core.steps import run
    from ninja_boost_health.registry import checks
    from ninja_boost_health.router import runner

    runs = []
    with override_settings(NINJA_BOOST={"HEALTH": {"CHECKS": []}}):
        health.register_check("disk", cache_time=60)(lambda: runs.append(1))
        for passing in (0, 30, 31):
            clock.advance(passing)
            run(runner.results(checks()))
    assert len(runs) == 2


def test_cached_answers(clock, boost_client):
    caching = pytest.importorskip("ninja_boost_caching")
    runs = []
    api = NinjaAPI()
    router = Router()

    @router.get("/")
    @caching.cache_response(ttl=60)
    def view(request):
        runs.append(1)
        return {}

    api.add_router("", router)
    urls = ModuleType("cached_urls")
    urls.urlpatterns = [path("", api.urls)]
    with override_settings(ROOT_URLCONF=urls):
        for passing in (0, 30, 31):
            clock.advance(passing)
            assert boost_client.get("/").status_code == 200
    assert len(runs) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("backend", ["filebased.FileBasedCache", "db.DatabaseCache"])
def test_other_caches_of_this_process(clock, settings, tmp_path, backend):
    location = str(tmp_path) if backend.startswith("file") else "cache_table"
    backend = f"django.core.cache.backends.{backend}"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": location}}
    call_command("createcachetable")
    cache.set("key", "value", timeout=60)
    clock.advance(30)
    assert cache.get("key") == "value"
    clock.advance(31)
    assert cache.get("key") is None
