"""Limits on real requests, sync and async, on AutoAPI and on plain Ninja."""

import asyncio
import re

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import AsyncClient, Client, RequestFactory, override_settings
from ninja import NinjaAPI, Router
from ninja.security import APIKeyHeader, HttpBearer
from ninja.testing import TestClient

from ninja_boost_core import ApiError, AutoAPI, AutoRouter, event_bus
from ninja_boost_core.events import ON_RATE_LIMIT_EXCEEDED
from ninja_boost_rate_limiting import rate_limit, statistics
from ninja_boost_rate_limiting.hooks import ON_RATE_LIMIT_SHADOWED
from tests.support import DEMO, serving

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
]


class Sync:
    """One way of asking for sync and async views."""

    def view(self, function):
        return function

    def get(self, path, **options):
        return Client(raise_request_exception=False).get(path, **options)

    def post(self, path, **options):
        return Client(raise_request_exception=False).post(path, **options)


class Async(Sync):
    def view(self, function):
        async def view(request, ctx):
            return function(request, ctx)

        view.__module__, view.__qualname__ = function.__module__, function.__qualname__
        return view

    def get(self, path, **options):
        return asyncio.run(AsyncClient(raise_request_exception=False).get(path, **options))

    def post(self, path, **options):
        return asyncio.run(AsyncClient(raise_request_exception=False).post(path, **options))


@pytest.fixture(params=[Sync(), Async()], ids=["sync", "async"])
def how(request):
    return request.param


def items(request, ctx):
    return ["item"]


def served(how, *limits, function=items, auth=None, methods=("GET",), **apis):
    """Serve ``function`` below the limits at ``/api/items``."""
    api, router = AutoAPI(), AutoRouter()
    view = how.view(function)
    for limit in limits:
        view = limit(view)
    router.add_api_operation("/items", list(methods), view, auth=auth)
    api.add_router("", router)
    return serving(api=api, **apis)


def statuses(how, times, path="/api/items", **options):
    return [how.get(path, **options).status_code for _ in range(times)]


@pytest.mark.parametrize("middleware", [[], MIDDLEWARE])
def test_the_headers_of_what_is_admitted_and_of_what_is_refused(how, middleware):
    with served(how, rate_limit("3/minute")), override_settings(MIDDLEWARE=middleware):
        answers = [how.get("/api/items") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    for answer, left in zip(answers, [2, 1, 0, 0], strict=True):
        assert answer["X-RateLimit-Limit"] == "3"
        assert answer["X-RateLimit-Remaining"] == str(left)
        assert answer["RateLimit-Policy"] == '"3-minute-ip";q=3;w=60'
        reset = answer["X-RateLimit-Reset"]
        assert answer["RateLimit"] == f'"3-minute-ip";r={left};t={reset}'
        assert 0 < int(reset) <= 60
    assert "Retry-After" not in answers[2]
    assert 1 <= int(answers[3]["Retry-After"]) <= 20
    body = answers[3].json()
    assert body["ok"] is False
    assert body["code"] == 429
    assert re.fullmatch(r"Too many requests\. Try again in \d+ seconds?\.", body["error"])


@pytest.mark.parametrize(
    ("function", "status"),
    [
        ("fail", 500),
        ("refuse", 403),
        ("validate", 422),
    ],
)
def test_errors_carry_the_headers_too(how, function, status):
    def fail(request, ctx):
        raise RuntimeError("broken")

    def refuse(request, ctx):
        raise ApiError(403, "No.")

    def validate(request, ctx):
        raise AssertionError("not reached")

    chosen = {"fail": fail, "refuse": refuse, "validate": validate}[function]
    path = "/api/items"
    if function == "validate":
        api, router = AutoAPI(), AutoRouter()

        @router.get("/items/{number}", auth=None)
        @rate_limit("3/minute")
        def item(request, ctx, number: int): ...

        api.add_router("", router)
        context, path = serving(api=api), "/api/items/none"
    else:
        context = served(how, rate_limit("3/minute"), function=chosen)
    with context:
        answer = how.get(path)
    assert answer.status_code == status
    assert answer["X-RateLimit-Remaining"] == "2"


def test_a_plain_ninja_api_has_them_as_well(how):
    api, router = NinjaAPI(), Router()

    def view(request):
        return ["item"]

    async def async_view(request):
        return ["item"]

    chosen = view if type(how) is Sync else async_view
    router.get("/items")(rate_limit("2/minute")(chosen))
    api.add_router("", router)
    with serving(api=api):
        answers = [how.get("/api/items") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert int(answers[2]["Retry-After"]) >= 1
    assert answers[0].json() == ["item"]


def test_failed_logins_count(how):
    class Key(APIKeyHeader):
        param_name = "X-Key"

        def authenticate(self, request, key):
            return "someone" if key == "right" else None

    with served(how, rate_limit("3/minute"), auth=Key()):
        wrong = [how.get("/api/items", headers={"X-Key": f"wrong{n}"}) for n in range(4)]
        right = how.get("/api/items", headers={"X-Key": "right"})
    assert [answer.status_code for answer in wrong] == [401, 401, 401, 429]
    assert wrong[0]["X-RateLimit-Remaining"] == "2"
    assert right.status_code == 429


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP"])
def test_an_address_that_the_client_chose_does_not_count(how, header):
    with served(how, rate_limit("3/minute")):
        answers = [
            how.get("/api/items", headers={header: f"for=203.0.113.{n}"[4 * (header[0] != "F") :]})
            for n in range(5)
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]


def test_behind_a_trusted_proxy_each_client_counts_and_spoofing_adds_nothing(how):
    with (
        served(how, rate_limit("2/minute")),
        override_settings(NINJA_BOOST={"TRUSTED_PROXIES": ["127.0.0.0/8"]}),
    ):

        def get(chain):
            return how.get("/api/items", headers={"X-Forwarded-For": chain}).status_code

        # The proxy appends the address that it saw; what is left of it, the client wrote.
        spoofed = [get(f"198.51.100.{n}, 203.0.113.1") for n in range(4)]
        other = get("203.0.113.2")
    assert spoofed == [200, 200, 429, 429]
    assert other == 200


def peer(address):
    """Async requests tell the peer's address otherwise than sync ones."""
    return {"REMOTE_ADDR": address}


def test_the_addresses_of_one_ipv6_network_are_one_client():
    with served(Sync(), rate_limit("2/minute")):
        neighbours = [
            Client(**peer(f"2001:db8:1:2:{n}::{n}")).get("/api/items").status_code
            for n in range(1, 4)
        ]
        mapped = Client(**peer("::ffff:192.0.2.1")).get("/api/items")
        plain = Client(**peer("192.0.2.1")).get("/api/items")
        other = Client(**peer("2001:db8:1:3::1")).get("/api/items")
    assert neighbours == [200, 200, 429]
    assert other.status_code == 200
    assert (mapped["X-RateLimit-Remaining"], plain["X-RateLimit-Remaining"]) == ("1", "0")


def test_the_size_of_a_network_is_a_setting():
    with (
        served(Sync(), rate_limit("1/minute")),
        override_settings(NINJA_BOOST={"RATE_LIMIT": {"IPV6_PREFIX": 48}}),
    ):
        first = Client(**peer("2001:db8:1:2::1")).get("/api/items")
        second = Client(**peer("2001:db8:1:3::1")).get("/api/items")
        third = Client(**peer("2001:db8:2:3::1")).get("/api/items")
    assert [a.status_code for a in (first, second, third)] == [200, 429, 200]


def test_clients_without_an_address_are_one():
    with served(Sync(), rate_limit("1/minute")):
        answers = [Client(**peer(address)).get("/api/items") for address in ("", "unix:")]
    assert [answer.status_code for answer in answers] == [200, 429]


PEOPLE = {
    "text": "alice",
    "number": 7,
    "claims": {"sub": "alice@example.org"},
    "dict": {"user_id": 7},
    "model": User(pk=8, username="bob"),
    "nobody": AnonymousUser(),
    "true": True,
    "object": object(),
}


class Token(HttpBearer):
    """The token says who, in one of the ways in which authentications do."""

    def authenticate(self, request, token):
        return PEOPLE.get(token)


def test_users_count_apart_and_each_for_himself(how):
    def by(token):
        return how.get("/api/items", headers={"Authorization": f"Bearer {token}"}).status_code

    with served(how, rate_limit("1/minute", key="user"), auth=Token()):
        first = {token: by(token) for token in ("text", "number", "claims", "model")}
        again = {token: by(token) for token in first}
        same_id = by("dict")
    assert set(first.values()) == {200}
    assert set(again.values()) == {429}
    # 7 is 7, wherever it was found.
    assert same_id == 429


@pytest.mark.parametrize("token", ["nobody", "true", "object"])
def test_who_is_nobody_counts_by_address(token):
    with served(Sync(), rate_limit("2/minute", key="user"), auth=Token()):
        headers = {"Authorization": f"Bearer {token}"}
        here = [Client().get("/api/items", headers=headers).status_code for _ in range(3)]
        there = Client(**peer("192.0.2.9")).get("/api/items", headers=headers).status_code
    # AnonymousUser is a value that is true, so Ninja lets it in.
    assert here == [200, 200, 429]
    assert there == 200


def test_an_open_operation_counts_by_address(how):
    with served(how, rate_limit("1/minute", key="user"), auth=None):
        assert statuses(how, 2) == [200, 429]


def test_a_refused_login_is_not_counted_for_the_user(how):
    with served(how, rate_limit("1/minute", key="user"), auth=Token()):
        wrong = statuses(how, 3, headers={"Authorization": "Bearer wrong"})
        right = how.get("/api/items", headers={"Authorization": "Bearer text"})
    assert wrong == [401] * 3
    assert right.status_code == 200


def test_a_key_of_ones_own(how):
    limit = rate_limit("1/minute", key=lambda request, ctx: f"{ctx['user']}:{request.GET['t']}")
    with served(how, limit, auth=Token()):
        headers = {"Authorization": "Bearer text"}
        answers = [
            how.get(f"/api/items?t={tenant}", headers=headers).status_code
            for tenant in ("a", "a", "b", "b")
        ]
    assert answers == [200, 429, 200, 429]


def test_a_key_that_names_nobody_counts_by_address(how):
    with served(how, rate_limit("1/minute", key=lambda request, ctx: None)):
        assert statuses(how, 2) == [200, 429]


def test_a_key_that_fails_lets_nobody_in(how):
    def view(request, ctx):
        raise AssertionError("reached")

    with served(how, rate_limit("9/minute", key=lambda request, ctx: ctx["none"]), function=view):
        assert how.get("/api/items").status_code == 500


def test_several_limits_and_the_tightest_in_front(how):
    limits = [rate_limit("100/day", name="daily"), rate_limit("3/second", name="quick")]
    for order in (limits, limits[::-1]):
        with served(how, *order):
            answer = how.get("/api/items")
        assert answer["X-RateLimit-Limit"] == "3"
        assert answer["X-RateLimit-Remaining"] == "2"
        assert answer["RateLimit-Policy"] == '"quick";q=3;w=1, "daily";q=100;w=86400'
        assert answer["RateLimit"] == '"quick";r=2;t=1, "daily";r=99;t=864'


@pytest.mark.parametrize("turned", [False, True])
def test_what_one_limit_refuses_takes_nothing_from_a_longer_one(how, turned):
    limits = [rate_limit("2/minute"), rate_limit("5/day", name="daily")]
    with served(how, *(limits[::-1] if turned else limits)):
        answers = [how.get("/api/items") for _ in range(10)]
    assert [a.status_code for a in answers] == [200] * 2 + [429] * 8
    assert '"daily";r=3' in answers[1]["RateLimit"]
    assert "daily" not in answers[-1]["RateLimit"]


def test_two_limits_alike_count_apart(how):
    def key(request, ctx):
        return "same"

    limits = [rate_limit("2/minute", key=key, name=name) for name in ("one", "two")]
    with served(how, *limits):
        assert statuses(how, 3) == [200, 200, 429]


def test_each_operation_has_its_own_bucket(how):
    api, router, other = AutoAPI(), AutoRouter(), AutoRouter()
    view = rate_limit("1/minute")(how.view(items))

    @rate_limit("1/minute")
    def item(request, number: int): ...

    for where in (router, other):
        # As a factory makes them: one function at many places.
        where.add_api_operation("/items", ["GET"], view, auth=None)
        where.add_api_operation("/items/{number}", ["GET"], item, auth=None)
        where.add_api_operation("/items", ["POST"], view, auth=None)
    api.add_router("/a", router)
    api.add_router("/b", other)
    with serving(api=api):
        for prefix in ("/api/a", "/api/b"):
            assert statuses(how, 2, f"{prefix}/items") == [200, 429]
            assert how.post(f"{prefix}/items").status_code == 200
            # The template is what counts, not the path.
            assert how.get(f"{prefix}/items/1").status_code == 200
            assert how.get(f"{prefix}/items/2").status_code == 429


def test_a_scope_is_a_bucket_that_operations_share(how):
    api, router = AutoAPI(), AutoRouter()
    for path in ("/items", "/other"):
        view = rate_limit("2/minute", scope="search")(how.view(items))
        router.add_api_operation(path, ["GET"], view, auth=None)
    api.add_router("", router)
    with serving(api=api):
        assert statuses(how, 1) == [200]
        assert statuses(how, 2, "/api/other") == [200, 429]
        answer = how.get("/api/items")
    assert answer.status_code == 429
    assert answer["RateLimit-Policy"] == '"search";q=2;w=60'


def test_cost_and_burst(how):
    def cost(request):
        return int(request.GET.get("n", 1))

    with served(how, rate_limit("60/hour", burst=10, cost=cost)):
        answers = [how.get(f"/api/items?n={n}") for n in (4, 4, 4, 2, 1, 0)]
        too_much = how.get("/api/items?n=1000")
    assert [a.status_code for a in answers] == [200, 200, 429, 200, 429, 200]
    assert [a["X-RateLimit-Remaining"] for a in answers] == ["6", "2", "2", "0", "0", "0"]
    # Ten come back in ten minutes, which is the rate.
    assert answers[0]["RateLimit-Policy"] == '"60-hour-ip";q=10;w=600'
    assert 540 < int(too_much["Retry-After"]) <= 600


def test_a_request_that_costs_more_than_everything_takes_everything(how):
    with served(how, rate_limit("10/hour", cost=lambda request: 1000)):
        assert statuses(how, 2) == [200, 429]


@pytest.mark.parametrize("cost", [-1, 1.5, None, True])
def test_a_cost_that_is_no_number_lets_nobody_in(how, cost):
    with served(how, rate_limit("10/hour", cost=lambda request: cost)):
        assert how.get("/api/items").status_code == 500


def test_exempt_requests_are_not_counted(how):
    def internal(request):
        return request.headers.get("X-Internal") == "yes"

    with served(how, rate_limit("1/minute", exempt=internal)):
        free = [how.get("/api/items", headers={"X-Internal": "yes"}) for _ in range(3)]
        counted = statuses(how, 2)
    assert [a.status_code for a in free] == [200] * 3
    assert "X-RateLimit-Limit" not in free[0]
    assert counted == [200, 429]


def test_methods(how):
    with served(how, rate_limit("1/minute", methods=["post"]), methods=("GET", "POST")):
        assert statuses(how, 3) == [200] * 3
        assert [how.post("/api/items").status_code for _ in range(2)] == [200, 429]


@pytest.fixture
def events():
    heard = []

    def exceeded(**arguments):
        heard.append((ON_RATE_LIMIT_EXCEEDED, arguments))

    async def shadowed(**arguments):
        heard.append((ON_RATE_LIMIT_SHADOWED, arguments))

    event_bus.on(ON_RATE_LIMIT_EXCEEDED, exceeded)
    event_bus.on(ON_RATE_LIMIT_SHADOWED, shadowed)
    yield heard
    event_bus.off(ON_RATE_LIMIT_EXCEEDED, exceeded)
    event_bus.off(ON_RATE_LIMIT_SHADOWED, shadowed)


def test_the_event_comes_once_for_each_refusal(how, events):
    with served(how, rate_limit("1/minute"), rate_limit("1/hour")):
        assert statuses(how, 3) == [200, 429, 429]
    assert [name for name, _ in events] == [ON_RATE_LIMIT_EXCEEDED] * 2
    arguments = events[0][1]
    assert set(arguments) == {"request", "ctx", "limit", "retry_after"}
    assert arguments["limit"] == "1/minute"
    assert arguments["request"].path == "/api/items"
    assert arguments["ctx"]["ip"] == "127.0.0.1"
    assert 50 < arguments["retry_after"] <= 60
    assert statistics()["refused"] == 2


def test_shadow_mode_counts_and_reports_and_refuses_nothing(how, events):
    with served(how, rate_limit("1/minute", shadow=True)):
        answers = [how.get("/api/items") for _ in range(3)]
    assert [a.status_code for a in answers] == [200] * 3
    assert "RateLimit" not in answers[2]
    assert [name for name, _ in events] == [ON_RATE_LIMIT_SHADOWED] * 2
    assert statistics() == {
        "refused": 0,
        "shadowed": 2,
        "backend_failures": 0,
        "admitted_unchecked": 0,
        "refused_unchecked": 0,
    }


def default(rate="2/minute", **options):
    return override_settings(NINJA_BOOST={"RATE_LIMIT": {"DEFAULT": rate, **options}})


def test_the_default_follows_the_settings(how):
    with served(how):
        assert statuses(how, 3) == [200] * 3
        with default():
            answers = [how.get("/api/items") for _ in range(3)]
        assert statuses(how, 3) == [200] * 3
        with default("1/hour"):
            assert statuses(how, 2) == [200, 429]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert answers[0]["RateLimit-Policy"] == '"default";q=2;w=60'


def test_the_default_gives_way_to_a_limit_of_its_own(how):
    with served(how, rate_limit("4/minute")), default():
        assert statuses(how, 5) == [200] * 4 + [429]


def test_an_operation_may_have_no_limit_at_all(how):
    with served(how, rate_limit(exempt=True)), default("1/minute"):
        answers = [how.get("/api/items") for _ in range(4)]
    assert [a.status_code for a in answers] == [200] * 4
    assert "X-RateLimit-Limit" not in answers[0]


def test_the_default_in_shadow_mode(how, events):
    with served(how), default("1/minute", SHADOW=True):
        assert statuses(how, 3) == [200] * 3
        assert statistics()["shadowed"] == 2


def test_the_default_counts_failed_logins(how):
    with served(how, auth=Token()), default():
        assert statuses(how, 3) == [401, 401, 429]


def test_the_default_reaches_plain_routers_on_an_auto_api_only():
    def mounted(api):
        router = Router()
        router.get("/items", auth=None)(lambda request: ["item"])
        api.add_router("", router)
        return api

    with serving(auto=mounted(AutoAPI()), plain=mounted(NinjaAPI())), default():
        assert statuses(Sync(), 3, "/auto/items") == [200, 200, 429]
        assert statuses(Sync(), 3, "/plain/items") == [200] * 3


def test_the_default_reaches_an_auto_router_on_a_plain_api():
    api, router = NinjaAPI(), AutoRouter()
    router.get("/items")(items)
    api.add_router("", router)
    with serving(api=api), default(), override_settings(DEBUG=True):
        assert statuses(Sync(), 3, headers=DEMO) == [200, 200, 429]


def test_the_default_can_be_switched_off_as_a_feature():
    settings = {"DISABLED_FEATURES": ["rate_limiting"], "RATE_LIMIT": {"DEFAULT": "1/minute"}}
    with override_settings(NINJA_BOOST=settings), served(Sync()):
        assert statuses(Sync(), 3) == [200] * 3


def test_called_directly_it_still_limits():
    @rate_limit("2/minute")
    def view(request):
        return "seen"

    request = RequestFactory().get("/")
    assert [view(request), view(request)] == ["seen", "seen"]
    with pytest.raises(ApiError, match="Too many requests") as caught:
        view(request)
    assert caught.value.status_code == 429


async def test_an_async_view_called_directly_does_too():
    @rate_limit("1/minute", key="user")
    async def view(request, ctx):
        return ctx["ip"]

    request = RequestFactory().get("/")
    assert await view(request) == "127.0.0.1"
    with pytest.raises(ApiError, match="Too many requests"):
        await view(request)


def test_views_called_directly_count_apart():
    first = rate_limit("1/minute")(lambda request: 1)

    @rate_limit("1/minute")
    def second(request):
        return 2

    request = RequestFactory().get("/")
    assert (first(request), second(request)) == (1, 2)


def test_ninjas_own_test_client():
    api, router = NinjaAPI(), Router()
    router.get("/items")(rate_limit("2/minute")(lambda request: 1))
    api.add_router("", router)
    client = TestClient(api)
    assert [client.get("/items").status_code for _ in range(3)] == [200, 200, 429]


def test_the_document_tells_the_headers_and_the_refusal():
    def described(*limits):
        with served(Sync(), *limits):
            schema = Client().get("/api/openapi.json").json()
        return schema["paths"]["/api/items"]["get"]["responses"]

    responses = described(rate_limit("1/minute"))
    for status in ("200", "429"):
        assert {
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
            "RateLimit-Policy",
            "RateLimit",
        } <= set(responses[status]["headers"])
    assert responses["429"]["headers"]["Retry-After"]["required"] is True
    assert "503" not in responses
    assert "503" in described(rate_limit("1/minute", on_error="closed"))
    for silent in (described(), described(rate_limit("1/minute", shadow=True))):
        assert "429" not in silent
    with default():
        assert "429" in described()
