"""Age, Cache-Control, stale answers, conditions and changes that lose nothing."""

import itertools
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import AsyncClient, Client
from hypothesis import given
from hypothesis import strategies as st
from ninja import NinjaAPI
from ninja.security import APIKeyHeader

from ninja_boost_caching import cache_manager, cache_response, if_match
from ninja_boost_caching.representations import directives, matches_any
from ninja_boost_core import AutoAPI, Hook, Order, attach

from .support import ALICE, Bearer, operations_of, serving, status_of, with_cache


@pytest.fixture
def clock(monkeypatch):
    """A clock for what is kept, that a test moves; the cache's own stands still."""
    import time

    from ninja_boost_caching import answers, lookups, storage

    moved = SimpleNamespace(by=0.0)
    real = time.time
    fake = SimpleNamespace(
        time=lambda: real() + moved.by, monotonic=time.monotonic, sleep=time.sleep
    )
    for module in (answers, lookups, storage):
        monkeypatch.setattr(module, "time", fake)
    return moved


def numbers(api, **options):
    counter = itertools.count(1)

    @api.get("/n")
    @cache_response(**options)
    def view(request):
        return next(counter)


def test_age_and_expiry(clock):
    api = NinjaAPI()
    numbers(api, ttl=60)
    with serving(api=api):
        client = Client()
        client.get("/api/n")
        clock.by = 59
        hit = client.get("/api/n")
        assert hit["Age"] in ("59", "60")
        assert hit["Cache-Status"].startswith("ninja-boost; hit; ttl=")
        clock.by = 61
        assert client.get("/api/n").json() == 2


def test_a_response_may_shorten_its_time(clock):
    api = NinjaAPI()

    @api.get("/x/{said}")
    @cache_response(60)
    def view(request, said: str):
        return HttpResponse("x", headers={"Cache-Control": said.replace("_", ",")})

    with serving(api=api):
        client = Client()
        for said, seconds in (("max-age=10", 10), ("max-age=10_s-maxage=20", 20), ("public", 60)):
            clock.by = 0
            client.get(f"/api/x/{said}")
            clock.by = seconds - 1
            assert status_of(client.get(f"/api/x/{said}")) == "hit"
            assert client.get(f"/api/x/{said}")["Cache-Control"] == said.replace("_", ",")
            clock.by = seconds + 1
            assert status_of(client.get(f"/api/x/{said}")) == "fwd=miss"


def test_max_age_ends_with_the_answer(clock):
    api = NinjaAPI(auth=Bearer())
    numbers(api, ttl=60, max_age=40, key="user")
    with serving(api=api):
        client = Client(headers=ALICE)
        first = client.get("/api/n")
        assert first["Cache-Control"] == "private, max-age=40"
        assert first["Vary"] == "Authorization, Cookie"
        clock.by = 10
        assert client.get("/api/n")["Cache-Control"] == "private, max-age=50"
        clock.by = 50
        hit = client.get("/api/n")
        assert int(hit["Cache-Control"].partition("=")[2]) - int(hit["Age"]) in (9, 10)


@pytest.mark.parametrize(
    ("auth", "options", "expected"),
    [
        (None, {}, "public, no-cache"),
        (None, {"max_age": 5}, "public, max-age=5"),
        (Bearer(), {"key": "shared"}, "private, no-cache"),
        (None, {"key": lambda request, ctx: 1}, "private, no-cache"),
    ],
)
def test_cache_control(auth, options, expected):
    api = NinjaAPI(auth=auth)
    numbers(api, **options)
    with serving(api=api):
        client = Client(headers=ALICE)
        assert [client.get("/api/n")["Cache-Control"] for _ in "ab"] == [expected] * 2


def test_the_header_of_an_api_key_is_in_vary():
    class Key(APIKeyHeader):
        param_name = "X-Key"

        def authenticate(self, request, key):
            return key

    api = NinjaAPI(auth=Key())
    numbers(api, key="user", max_age=5)
    with serving(api=api):
        response = Client().get("/api/n", headers={"X-Key": "a"})
    assert response["Vary"] == "Authorization, Cookie, X-Key"


def test_jitter():
    from ninja_boost_caching.policies import Policy

    api = NinjaAPI()
    numbers(api, ttl=100)
    with with_cache(JITTER=0.2), serving(api=api):
        operation = operations_of(api, "/n")[0]
        policy = operation.hooks[0]._policy
        assert isinstance(policy, Policy)
        drawn = [policy.freshness(100) for _ in range(300)]
    assert all(80 <= each <= 100 for each in drawn)
    assert len(set(drawn)) > 100


def test_stale_answers_while_one_computes(clock, counted):
    asked = []
    api = NinjaAPI()
    counter = itertools.count(1)

    @api.get("/n")
    @cache_response(60, stale=30)
    def view(request):
        if asked:
            # Another request, while this one computes.
            asked.pop()
            inner = Client().get("/api/n")
            assert (inner.json(), status_of(inner)) == (1, "hit")
            assert "ttl=-" in inner["Cache-Status"]
        return next(counter)

    with serving(api=api):
        client = Client()
        client.get("/api/n")
        clock.by = 70
        asked.append(1)
        refreshed = client.get("/api/n")
        assert (refreshed.json(), status_of(refreshed)) == (2, "fwd=stale")
        assert not asked
        assert status_of(client.get("/api/n")) == "hit"
        clock.by = 70 + 91
        assert status_of(client.get("/api/n")) == "fwd=miss"
    assert counted()["stale_hits"] == 1


def test_what_must_be_revalidated_is_never_stale(clock):
    api = NinjaAPI()

    @api.get("/n")
    @cache_response(60, stale=300)
    def view(request):
        return HttpResponse("a", headers={"Cache-Control": "public, must-revalidate"})

    with serving(api=api):
        client = Client()
        client.get("/api/n")
        clock.by = 70
        assert status_of(client.get("/api/n")) == "fwd=miss"


def test_a_failed_refresh_keeps_what_is_stale(clock):
    answers = [HttpResponse("a"), HttpResponse("b", status=500), HttpResponse("c")]
    api = NinjaAPI()

    @api.get("/n")
    @cache_response(60, stale=300)
    def view(request):
        return answers.pop(0)

    with serving(api=api):
        client = Client()
        client.get("/api/n")
        clock.by = 70
        assert client.get("/api/n").status_code == 500
        assert client.get("/api/n").content == b"a"


@pytest.mark.timeout(30)
def test_what_cannot_be_kept_makes_no_queue():
    """While one computes what turned out not to be kept, others compute, too, and do not wait."""
    api = NinjaAPI()
    depth = []

    @api.get("/n")
    @cache_response(60, wait=60, lease=600)
    def view(request):
        depth.append(1)
        if len(depth) == 2:
            Client().get("/api/n")
        return HttpResponse(status=404)

    with serving(api=api):
        Client().get("/api/n")
        Client().get("/api/n")
    assert len(depth) == 3


def test_a_waiting_request_gives_up_in_time(counted):
    api = NinjaAPI()
    depth = []

    @api.get("/n")
    @cache_response(60, wait=0.1)
    def view(request):
        depth.append(1)
        if len(depth) == 1:
            inner = Client().get("/api/n")
            assert (inner.json(), status_of(inner)) == (2, "fwd=miss")
        return len(depth)

    with serving(api=api):
        assert Client().get("/api/n").status_code == 200
    assert len(depth) == 2


def test_if_none_match(alias):
    for api in (NinjaAPI(), AutoAPI(auth=None)):
        numbers(api, vary=["X-A"])
        cache_manager.invalidate_prefix("/")
        with serving(api=api):
            client = Client()
            first = client.get("/api/n", headers={"If-None-Match": '"other"'})
            etag = first["ETag"]
            assert first.status_code == 200
            assert etag.startswith('"')
            for condition in (etag, f'"x", W/{etag}', "*"):
                same = client.get("/api/n", headers={"If-None-Match": condition})
                assert (same.status_code, same.content) == (304, b"")
                assert same["ETag"] == etag
                assert same["Vary"] == "X-A"
                assert same["Cache-Control"] == "public, no-cache"
                assert "Content-Type" not in same
            fresh = client.get("/api/n?x=1", headers={"If-None-Match": "*"})
            assert fresh.status_code == 304
            assert status_of(fresh) == "fwd=miss"
            assert "stored" in fresh["Cache-Status"]


async def test_if_none_match_on_an_async_view():
    api = AutoAPI(auth=None)

    @api.get("/x")
    @cache_response(60)
    async def view(request):
        return 1

    with serving(api=api):
        first = await AsyncClient().get("/api/x")
        same = await AsyncClient().get("/api/x", headers={"If-None-Match": first["ETag"]})
    assert same.status_code == 304


def test_an_etag_of_the_view_is_kept():
    api = NinjaAPI()

    @api.get("/x")
    @cache_response(60)
    def view(request, response: HttpResponse):
        response["ETag"] = '"v7"'
        return 1

    with serving(api=api):
        assert [Client().get("/api/x")["ETag"] for _ in "ab"] == ['"v7"'] * 2


etags = st.sampled_from(['"a"', '"b"', 'W/"a"', '"a,b"', '""'])


@given(st.lists(etags, min_size=1, max_size=3), etags)
def test_comparing_etags(named, current):
    condition = ", ".join(named)
    strong = not current.startswith("W/") and current in named
    weak = current.removeprefix("W/") in {each.removeprefix("W/") for each in named}
    assert matches_any(condition, current, strong=True) == strong
    assert matches_any(condition, current, strong=False) == weak
    assert not matches_any(condition, None, strong=False)


def test_directives():
    said = directives('Max-Age = 5, no-cache="Set-Cookie, X", private ,x="a,b"')
    assert said == {"max-age": "5", "no-cache": "Set-Cookie, X", "private": "", "x": "a,b"}
    assert directives("no-storey, xno-store").keys() == {"no-storey", "xno-store"}


def account(kind, is_async=False, required=False, etag=None):
    row = {"version": 1}
    api = kind()

    if is_async:

        async def current(request, ctx, account_id):
            return str(row["version"]) if account_id == 1 else None

        @api.put("/{account_id}")
        @if_match(etag or current, required=required)
        async def change(request, account_id: int):
            row["version"] += 1
            return row["version"]
    else:

        def current(request, ctx, account_id):
            return str(row["version"]) if account_id == 1 else None

        @api.put("/{account_id}")
        @if_match(etag or current, required=required)
        def change(request, account_id: int):
            row["version"] += 1
            return row["version"]

    return api


@pytest.mark.parametrize("kind", [NinjaAPI, lambda: AutoAPI(auth=None)])
def test_if_match(kind):
    with serving(api=account(kind), strict=account(kind, required=True)):
        client = Client()

        def put(url, condition=None):
            headers = {"If-Match": condition} if condition else {}
            return client.put(url, headers=headers).status_code

        assert put("/api/1") == 200
        assert put("/api/1", '"2"') == 200
        assert put("/api/1", '"2"') == 412
        assert put("/api/1", 'W/"3"') == 412
        assert put("/api/1", '"9", "3"') == 200
        assert put("/api/1", "*") == 200
        assert put("/api/2", "*") == 412
        assert put("/strict/1") == 428
        assert put("/strict/1", '"1"') == 200


async def test_if_match_on_an_async_view():
    def plain(request, ctx, account_id):
        return '"plain"'

    with serving(api=account(NinjaAPI, True), plain=account(NinjaAPI, True, etag=plain)):
        client = AsyncClient()

        async def put(url, condition):
            return (await client.put(url, headers={"If-Match": condition})).status_code

        assert await put("/api/1", '"1"') == 200
        assert await put("/api/1", '"1"') == 412
        assert await put("/plain/1", '"plain"') == 200


@pytest.mark.parametrize("wrong", [1, 'a"b'])
def test_what_is_no_etag(wrong):
    api = account(NinjaAPI, etag=lambda request, ctx, account_id: wrong)
    with serving(api=api), pytest.raises(ImproperlyConfigured, match="if_match"):
        Client().put("/api/1", headers={"If-Match": "*"})


def test_other_hooks_work_on_hits_too():
    class Remaining(Hook):
        order = Order.RATE_LIMIT
        left = 10

        def after_auth(self, call):
            self.left -= 1

        def on_response(self, call):
            call.response["X-RateLimit-Remaining"] = str(self.left)

    api = AutoAPI(auth=None)

    @api.get("/x")
    @attach(Remaining())
    @cache_response(60)
    def view(request):
        return 1

    with serving(api=api):
        first = Client().get("/api/x")
        rest = [Client().get("/api/x", headers={"If-None-Match": "*"}) for _ in "ab"]
    assert [r["X-RateLimit-Remaining"] for r in (first, *rest)] == ["9", "8", "7"]
    assert [r.status_code for r in rest] == [304, 304]


@pytest.mark.timeout(30)
def test_a_view_that_fails_below_the_lock_frees_it():
    class Refuse(Hook):
        order = Order.SERVICES
        refuses = True

        def before_view(self, call):
            if self.refuses:
                raise RuntimeError("no")

    hook = Refuse()
    api = AutoAPI(auth=None)

    @api.get("/x")
    @attach(hook)
    @cache_response(60, wait=60, lease=600)
    def view(request):
        return 1

    with serving(api=api):
        client = Client(raise_request_exception=False)
        assert client.get("/api/x").status_code == 500
        hook.refuses = False
        assert client.get("/api/x").status_code == 200


@pytest.mark.timeout(30)
async def test_a_cancelled_request_frees_the_lock():
    import asyncio

    api = NinjaAPI()
    entered, calls = asyncio.Event(), []

    @api.get("/x")
    @cache_response(60, wait=60, lease=600)
    async def view(request):
        calls.append(1)
        if len(calls) == 1:
            entered.set()
            await asyncio.sleep(60)
        return 1

    with serving(api=api):
        from django.test import AsyncRequestFactory

        operation = operations_of(api, "/x")[0]
        request = AsyncRequestFactory().get("/api/x")
        task = asyncio.create_task(operation.run(request))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await AsyncClient().get("/api/x")).json() == 1
    assert len(calls) == 2
