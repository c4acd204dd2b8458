"""What is kept, what is not, and what a client sees of it."""

import itertools

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client
from ninja import NinjaAPI, Router

from ninja_boost_caching import cache_response
from ninja_boost_core import AutoAPI, AutoRouter

from .support import ALICE, Bearer, serving, status_of, with_cache


def plain():
    api, router = NinjaAPI(), Router()
    return api, router


def auto():
    return AutoAPI(auth=None), AutoRouter()


@pytest.fixture(params=[plain, auto], ids=["NinjaAPI", "AutoAPI"])
def kind(request):
    return request.param


def counting(router, path="/n", is_async=False, **options):
    numbers = itertools.count(1)

    if is_async:

        @router.get(path)
        @cache_response(**options)
        async def number(request):
            return {"n": next(numbers)}

        return number

    @router.get(path)
    @cache_response(**options)
    def number(request):
        return {"n": next(numbers)}

    return number


def test_a_hit_is_the_same_answer(kind, counted):
    api, router = kind()
    counting(router)
    api.add_router("", router)
    with serving(api=api):
        first, second = Client().get("/api/n"), Client().get("/api/n")
    assert first.content == second.content
    assert first["Cache-Status"] == "ninja-boost; fwd=miss; fwd-status=200; stored"
    assert second["Cache-Status"].startswith("ninja-boost; hit; ttl=29")
    assert second["Age"] == "0"
    assert "Age" not in first
    for name in ("Content-Type", "ETag", "Cache-Control"):
        assert first[name] == second[name]
    assert first["Cache-Control"] == "public, no-cache"
    assert counted() == {"misses": 1, "stored": 1, "hits": 1}


async def test_async_views(kind, alias):
    api, router = kind()
    counting(router, is_async=True)
    api.add_router("", router)
    with serving(api=api):
        first, second = await AsyncClient().get("/api/n"), await AsyncClient().get("/api/n")
    assert first.content == second.content
    assert (status_of(first), status_of(second)) == ("fwd=miss", "hit")


async def test_memory_needs_no_thread(monkeypatch):
    def refuse(function):
        raise AssertionError(function)

    monkeypatch.setattr("ninja_boost_caching.backends.sync_to_async", refuse)
    api = AutoAPI(auth=None)
    counting(api, is_async=True, stale=60)
    with serving(api=api):
        answers = [await AsyncClient().get("/api/n") for _ in range(3)]
    assert [status_of(answer) for answer in answers] == ["fwd=miss", "hit", "hit"]


def test_every_cache(alias):
    api, router = auto()
    counting(router)
    api.add_router("", router)
    with serving(api=api):
        first, second = Client().get("/api/n"), Client().get("/api/n")
    assert first.content == second.content
    assert (status_of(first), status_of(second)) == ("fwd=miss", "hit")


def test_path_and_query_are_apart():
    api = NinjaAPI()

    @api.get("/p/{name}")
    @cache_response(key="shared")
    def show(request, name: str, q: str = ""):
        return [name, q, request.GET.urlencode()]

    with serving(api=api):
        client = Client()
        for url in ("/api/p/a", "/api/p/b", "/api/p/a?q=1", "/api/p/a?q=2", "/api/p/a?z=1"):
            assert status_of(client.get(url)) == "fwd=miss", url
        assert client.get("/api/p/a?q=2").json()[:2] == ["a", "2"]
        assert status_of(client.get("/api/p/a?b=1&a=2")) == "fwd=miss"
        assert status_of(client.get("/api/p/a?a=2&b=1")) == "hit"
        assert status_of(client.get("/api/p/a?a=2&a=1")) == "fwd=miss"
        assert status_of(client.get("/api/p/a?a=1&a=2")) == "fwd=miss"


def test_hosts_and_schemes_are_apart():
    api = NinjaAPI()

    @api.get("/where")
    @cache_response()
    def where(request):
        return request.build_absolute_uri()

    with serving(api=api):
        client = Client()
        assert client.get("/api/where").json() == "http://testserver/api/where"
        assert client.get("/api/where", secure=True).json() == "https://testserver/api/where"
        assert client.get("/api/where", headers={"host": "a.test"}).json().startswith("http://a.t")


def answers():
    def with_cookie():
        response = HttpResponse("x")
        response.set_cookie("a", "b")
        return response

    def header(name, value, status=200):
        return lambda: HttpResponse("x", status=status, headers={name: value})

    return {
        "error": lambda: HttpResponse("x", status=500),
        "not found": lambda: HttpResponse("x", status=404),
        "see other": header("Location", "/", 303),
        "partial": header("Content-Range", "bytes 0-0/9", 206),
        "cookie": with_cookie,
        "set-cookie": header("Set-Cookie", "a=b"),
        "no-store": header("Cache-Control", "no-store"),
        "no-cache": header("Cache-Control", "max-age=9, No-Cache"),
        "private": header("Cache-Control", "private"),
        "max-age=0": header("Cache-Control", "max-age=0"),
        "s-maxage=0": header("Cache-Control", "max-age=50, s-maxage=0"),
        "max-age=x": header("Cache-Control", "max-age=soon"),
        "vary": header("Vary", "*"),
        "vary too": header("Vary", "X-Undeclared"),
        "stream": lambda: StreamingHttpResponse(iter([b"x"])),
        "large": lambda: HttpResponse(b"x" * 2000),
    }


@pytest.mark.parametrize("name", answers())
def test_never_kept(name, counted):
    calls = []
    api = NinjaAPI()

    @api.get("/x")
    @cache_response(60)
    def view(request):
        calls.append(1)
        return answers()[name]()

    with serving(api=api), with_cache(MAX_BODY=1000):
        for _ in range(3):
            response = Client().get("/api/x")
            assert "; stored" not in response["Cache-Status"]
    assert len(calls) == 3
    assert "stored" not in counted()
    assert counted()["not_stored"] == 3


@pytest.mark.parametrize(
    "headers",
    [{"Cache-Control": "private"}, {"Vary": "Authorization, Cookie"}, {"Vary": "accept-language"}],
)
def test_kept_for_one_user(headers):
    api = NinjaAPI(auth=Bearer())

    @api.get("/x")
    @cache_response(60, key="user", vary=["Accept-Language"])
    def view(request):
        return HttpResponse("x", headers=headers)

    with serving(api=api):
        client = Client(headers=ALICE)
        assert [status_of(client.get("/api/x")) for _ in "ab"] == ["fwd=miss", "hit"]


def test_private_is_for_one_user():
    """A key of the project's own may be that of several callers."""
    api = NinjaAPI()

    @api.get("/x")
    @cache_response(60, key=lambda request, ctx: "role")
    def view(request):
        return HttpResponse("x", headers={"Cache-Control": "private"})

    with serving(api=api):
        for _ in "ab":
            assert Client().get("/api/x")["Cache-Status"].endswith("detail=cache-control")


def test_an_exception_is_not_kept():
    calls = []
    api = AutoAPI(auth=None)

    @api.get("/x")
    @cache_response(60)
    def view(request):
        calls.append(1)
        if len(calls) < 3:
            raise RuntimeError("no")
        return "yes"

    with serving(api=api):
        client = Client(raise_request_exception=False)
        assert [client.get("/api/x").status_code for _ in range(4)] == [500, 500, 200, 200]
    assert len(calls) == 3


def test_other_methods_and_bodies_pass_by():
    api = NinjaAPI()

    @api.api_operation(["GET", "HEAD", "POST"], "/x")
    @cache_response(60)
    def view(request):
        return request.method

    with serving(api=api):
        client = Client()
        assert client.head("/api/x")["Cache-Status"] == "ninja-boost; fwd=miss; fwd-status=200"
        assert client.get("/api/x").json() == "GET"
        assert client.post("/api/x").json() == "POST"
        assert "Cache-Status" not in client.post("/api/x")
        assert status_of(client.head("/api/x")) == "hit"
        assert client.head("/api/x")["ETag"] == client.get("/api/x")["ETag"]
        body = client.generic("GET", "/api/x", b"{}", content_type="application/json")
        assert body["Cache-Status"] == "ninja-boost; fwd=bypass; fwd-status=200; detail=body"


def test_declared_headers_and_cookies_keep_answers_apart():
    from ninja import Cookie, Header

    api = NinjaAPI()

    @api.get("/x")
    @cache_response(60)
    def view(request, accept_language: str = Header("en"), theme: str = Cookie("light")):
        return [accept_language, theme]

    with serving(api=api):
        client = Client()
        assert client.get("/api/x").json() == ["en", "light"]
        assert client.get("/api/x")["Vary"] == "Accept-Language"
        assert client.get("/api/x", headers={"accept-language": "de"}).json() == ["de", "light"]
        client.cookies["theme"] = "dark"
        assert client.get("/api/x").json() == ["en", "dark"]
        assert status_of(client.get("/api/x")) == "hit"


def test_languages_and_time_zones_are_apart(settings):
    from django.utils import timezone, translation

    api = NinjaAPI()

    @api.get("/x")
    @cache_response(60)
    def view(request):
        return [translation.get_language(), timezone.get_current_timezone_name()]

    with serving(api=api):
        with translation.override("de"):
            assert Client().get("/api/x").json()[0] == "de"
        with timezone.override("Asia/Tokyo"):
            assert Client().get("/api/x").json()[1] == "Asia/Tokyo"
        assert Client().get("/api/x").json() == ["en-us", "America/Chicago"]


def test_a_renderer_that_chooses():
    from ninja.renderers import BaseRenderer

    class Either(BaseRenderer):
        media_type = "text/plain"

        def render(self, request, data, *, response_status):
            return request.headers.get("Accept", "")

    api = NinjaAPI(renderer=Either())

    @api.get("/x")
    @cache_response(60)
    def view(request):
        return 1

    with serving(api=api):
        for accept in ("text/a", "text/b"):
            response = Client().get("/api/x", headers={"accept": accept})
            assert response.content.decode() == accept
            assert response["Vary"] == "Accept"


def test_the_session_is_never_shared(settings):
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ]
    from django.middleware.csrf import get_token

    api = NinjaAPI()

    @api.get("/reads")
    @cache_response(60)
    def reads(request):
        return request.session.get("name")

    @api.get("/writes")
    @cache_response(60)
    def writes(request):
        request.session["name"] = "x"
        return 1

    @api.get("/token")
    @cache_response(60)
    def token(request):
        return get_token(request)

    with serving(api=api):
        for path, why in (("reads", "vary"), ("writes", "set-cookie"), ("token", "set-cookie")):
            for _ in "ab":
                response = Client().get(f"/api/{path}")
                assert response["Cache-Status"].endswith(f"detail={why}"), path


def test_headers_of_one_request_are_not_repeated():
    api = NinjaAPI()
    names = ["X-Request-ID", "X-Trace-Id", "traceparent", "X-RateLimit-Remaining", "RateLimit"]
    names += ["Access-Control-Allow-Origin", "X-Own", "Server-Timing", "Date", "Retry-After"]

    @api.get("/x")
    @cache_response(60)
    def view(request, response: HttpResponse):
        for name in [*names, "X-Total", "Link"]:
            response[name] = "a"
        return 1

    with serving(api=api), with_cache(PER_REQUEST_HEADERS=["X-Own"]):
        first, second = Client().get("/api/x"), Client().get("/api/x")
    assert all(name in first for name in names)
    assert not [name for name in names if name in second]
    assert second["X-Total"] == second["Link"] == "a"


def test_status_reason_and_empty_bodies_are_repeated():
    api = NinjaAPI()

    @api.get("/x")
    @cache_response(60)
    def view(request):
        response = HttpResponse(status=301, reason="Gone Fishing", headers={"Location": "/y"})
        del response["Content-Type"]
        return response

    with serving(api=api):
        for _ in "ab":
            response = Client().get("/api/x")
            assert (response.status_code, response.reason_phrase) == (301, "Gone Fishing")
            assert response["Location"] == "/y"
            assert "Content-Type" not in response
            assert response.content == b""
    assert status_of(response) == "hit"


def test_a_view_called_directly_is_not_cached(rf):
    api = NinjaAPI()
    view = counting(api)
    assert [view(rf.get("/"))["n"], view(rf.get("/"))["n"]] == [1, 2]


def test_clients_cannot_skip_the_cache_unless_allowed():
    api = NinjaAPI()
    counting(api)
    counting(api, "/allowed", client_no_cache=True)
    with serving(api=api):
        client = Client(headers={"Cache-Control": "no-cache", "Pragma": "no-cache"})
        assert [client.get("/api/n").json()["n"] for _ in "ab"] == [1, 1]
        assert [client.get("/api/allowed").json()["n"] for _ in "ab"] == [1, 2]
        assert status_of(client.get("/api/allowed")) == "fwd=request"
        assert Client().get("/api/allowed").json()["n"] == 3


def test_validation_comes_first():
    api = AutoAPI(auth=None)

    @api.get("/x")
    @cache_response(60)
    def view(request, n: int):
        return n

    with serving(api=api):
        assert Client().get("/api/x?n=1").status_code == 200
        refused = Client().get("/api/x?n=a")
    assert refused.status_code == 422
    assert "Cache-Status" not in refused


def test_dummy_cache_computes_each_time():
    api = NinjaAPI()
    counting(api)
    with with_cache(ALIAS="dummy"), serving(api=api):
        answers = [Client().get("/api/n") for _ in range(3)]
    assert [answer.json()["n"] for answer in answers] == [1, 2, 3]
