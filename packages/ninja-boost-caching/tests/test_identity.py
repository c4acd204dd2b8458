"""No answer of one caller ever reaches another."""

import itertools
import json
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.test import AsyncClient, Client, RequestFactory
from django.utils.functional import SimpleLazyObject
from hypothesis import given
from hypothesis import strategies as st
from ninja import NinjaAPI

from ninja_boost_caching import cache_response
from ninja_boost_caching.keys import names_of, raw_key, sorted_query
from ninja_boost_core import AutoAPI
from ninja_boost_core.principals import identity_of

from .support import ALICE, BOB, Bearer, serving, status_of

PRINCIPALS = [
    "1",
    1,
    "a:1",
    UUID(int=1),
    str(UUID(int=1)),
    {"user_id": 1},
    {"user_id": "1"},
    {"sub": "1"},
    {"sub": 1},
    {"id": 1},
    {"pk": 1},
    {"id": 1, "sub": "a"},
    {"id": 1, "sub": "b"},
    {"sub": "1", "iss": "https://a.test"},
    {"sub": "1", "iss": "https://b.test"},
    {"sub": "1", "tenant_id": 1},
    {"sub": "1", "tenant_id": 2},
    {"sub": "1'), ('sub', 'str', '2"},
    User(pk=1),
    User(pk=2),
    Group(pk=1),
    SimpleNamespace(id=1),
    SimpleNamespace(user_id=1),
    SimpleNamespace(sub="1"),
]
NOBODIES = [
    None,
    True,
    False,
    "",
    {},
    {"user_id": None},
    {"user_id": ""},
    {"user_id": True},
    {"sub": {"id": 1}},
    {"name": "alice"},
    AnonymousUser(),
    SimpleLazyObject(AnonymousUser),
    SimpleNamespace(name="alice"),
    SimpleNamespace(id=1, is_authenticated=False),
    User(username="unsaved"),
    object(),
    1.5,
    ["alice"],
]


def test_principals_are_all_different():
    identities = [identity_of(each) for each in PRINCIPALS]
    assert None not in identities
    assert len({repr(each) for each in identities}) == len(PRINCIPALS)


@pytest.mark.parametrize("principal", NOBODIES, ids=repr)
def test_nobody_is_nobody(principal):
    assert identity_of(principal) is None


def test_a_lazy_user_is_the_user():
    user = User(pk=7)
    assert identity_of(SimpleLazyObject(lambda: user)) == identity_of(user)
    user._state.db = "other"
    assert identity_of(user) != identity_of(User(pk=7))


# Spellings of few names and values, so that pairs which mean the same meet often.
usual = st.sampled_from(["a=1", "a=2", "%61=1", "%61=2", "b=1", "a[]=1", "a", "=1", "", "ä=1"])
pair = st.one_of(usual, usual, st.text("ab=&%1:/?+é", max_size=6))
queries = st.lists(pair, max_size=4).map("&".join)
HEADERS = {
    "HTTP_X_VARIED": ["", "a", "a,b", "None", "('a',)"],
    "HTTP_COOKIE": ["theme=dark", "theme=a; other=1", "theme="],
    "HTTP_HOST": ["a.test", "b.test", "a.test:8000"],
    "HTTP_AUTHORIZATION": ["Bearer alice"],
    "HTTP_CACHE_CONTROL": ["no-cache", "max-age=0", "only-if-cached"],
}
one_header = st.sampled_from([(name, value) for name in HEADERS for value in HEADERS[name]])
base = st.lists(one_header, max_size=3).map(dict)
headers = st.tuples(base, one_header).map(lambda two: [two[0], {**two[0], two[1][0]: two[1][1]}])
paths = st.sampled_from(["x", "y", "x/y", "x:a=1", "x%3A"])


def few(strategy):
    return st.lists(strategy, min_size=1, max_size=2)


everybody = [*PRINCIPALS, *NOBODIES]


def echo(request, path: str, theme: str):
    """Everything that an answer may depend on."""
    who = everybody[request.META["test.principal"]]
    return {
        "who": f"{type(who).__name__} {who!r}"[:80],
        "path": request.path,
        "host": request.get_host(),
        "query": sorted(request.GET.lists()),
        "varied": request.META.get("HTTP_X_VARIED"),
        "theme": theme,
    }


def build():
    from ninja import Cookie

    def authenticate(request):
        return everybody[request.META["test.principal"]] or None

    def anybody(request):
        # Ninja refuses what is false; with True a caller passes and is nobody.
        return authenticate(request) or True

    api = AutoAPI(auth=anybody)

    @api.get("/cached/{path:path}")
    @cache_response(600, key="user", vary=["X-Varied"])
    def cached(request, path: str, theme: str = Cookie("light")):
        return echo(request, path, theme)

    @api.get("/shared/{path:path}")
    @cache_response(600, key="shared", vary=["X-Varied"])
    def shared(request, path: str, theme: str = Cookie("light")):
        return {**echo(request, path, theme), "who": None}

    @api.get("/own/{path:path}")
    @cache_response(600, key=lambda r, ctx: r.META["test.principal"] + 1, vary=["X-Varied"])
    def own(request, path: str, theme: str = Cookie("light")):
        return echo(request, path, theme)

    return api


principals = st.integers(0, len(everybody) - 1)


@given(few(principals), few(paths), few(queries), headers)
def test_no_answer_reaches_another(who, where, what, how):
    caches["default"].clear()
    client = Client()
    with serving(api=build()):
        for asked in [*itertools.product(who, where, what, how)] * 2:
            for kind in ("cached", "shared", "own"):
                compare(client, kind, *asked)


def compare(client, kind, principal, path, query, meta):
    response = client.get(
        f"/api/{kind}/{path}", QUERY_STRING=query, **meta, **{"test.principal": principal}
    )
    # The same request, by a view that nothing caches.
    request = response.wsgi_request
    fresh = echo(request, path, request.COOKIES.get("theme", "light"))
    if kind == "shared":
        fresh["who"] = None
    assert json.loads(response.content)["data"] == json.loads(json.dumps(fresh))
    if kind == "cached" and principal >= len(PRINCIPALS):
        assert response["Cache-Status"].endswith("detail=nobody")


@given(queries)
def test_sorting_a_query_changes_nothing(query):
    from django.http import QueryDict

    before, after = QueryDict(query), QueryDict(sorted_query(query))
    assert dict(before.lists()) == dict(after.lists())


def test_where_a_path_ends():
    assert raw_key("v", "/x:a", "") == raw_key("v", "/x", "a:")
    names = [
        names_of(RequestFactory().get(path, QUERY_STRING=query), "v", (), ())
        for path, query in (("/x:a", ""), ("/x", "a:"))
    ]
    assert names[0].entry != names[1].entry


async def test_async_views_keep_users_apart():
    api = NinjaAPI(auth=Bearer())

    @api.get("/me")
    @cache_response(60, key="user")
    async def me(request):
        return request.auth["user_id"]

    with serving(api=api):
        for who, name in [(ALICE, "alice"), (BOB, "bob")] * 2:
            response = await AsyncClient().get("/api/me", headers=who)
            assert response.json() == name
    assert status_of(response) == "hit"


def test_a_revoked_token_gets_401_although_its_answer_is_cached():
    api = AutoAPI(auth=Bearer())

    @api.get("/me")
    @cache_response(600, key="user")
    def me(request):
        return request.auth["user_id"]

    @api.get("/shared")
    @cache_response(600, key="shared")
    def shared(request):
        return "secret"

    with serving(api=api):
        client = Client(headers=ALICE)
        for path in ("me", "shared"):
            etag = client.get(f"/api/{path}")["ETag"]
            assert status_of(client.get(f"/api/{path}")) == "hit"
            Bearer.revoked = {"alice"}
            refused = client.get(f"/api/{path}")
            assert refused.status_code == 401
            assert b"secret" not in refused.content
            assert client.get(f"/api/{path}", headers={"If-None-Match": etag}).status_code == 401
            Bearer.revoked = set()


def test_permissions_and_policies_come_first():
    from ninja_boost_core import ApiError, Hook, Order, attach

    class Refuse(Hook):
        order = Order.POLICY
        allowed = True

        def before_view(self, call):
            if not self.allowed:
                raise ApiError(403, "No.")

    hook = Refuse()
    api = AutoAPI(auth=None)

    @api.get("/x")
    @cache_response(600)
    @attach(hook)
    def view(request):
        return 1

    with serving(api=api):
        assert [status_of(Client().get("/api/x")) for _ in "ab"] == ["fwd=miss", "hit"]
        hook.allowed = False
        refused = Client().get("/api/x")
    assert refused.status_code == 403
    assert "Cache-Status" not in refused


def with_tenant(view):
    """As a project's DI setting would."""
    import functools

    @functools.wraps(view)
    def wrapper(request, *args, **kwargs):
        return view(request, {"tenant_id": request.headers["X-Tenant"]}, *args, **kwargs)

    return wrapper


def test_a_tenant_is_part_of_every_key():
    from django.test import override_settings

    with override_settings(NINJA_BOOST={"DI": with_tenant, "AUTH": None}):
        api = AutoAPI(auth=None)

        @api.get("/x")
        @cache_response(600)
        def view(request):
            return request.headers["X-Tenant"]

        with serving(api=api):
            for tenant in "abab":
                assert Client().get("/api/x", headers={"X-Tenant": tenant}).json()["data"] == tenant


def test_users_of_a_session(settings, databases):
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]
    api = NinjaAPI()

    @api.get("/sync")
    @cache_response(60, key="user")
    def sync_view(request):
        return request.user.pk

    @api.get("/async")
    @cache_response(60, key="user")
    async def async_view(request):
        return (await request.auser()).pk

    User.objects.filter(username__in=["a", "b"]).delete()
    users = [User.objects.create(username=name) for name in "ab"]
    with serving(api=api):
        for path in ("/api/sync", "/api/async"):
            for user in users * 2:
                client = Client()
                client.force_login(user)
                response = client.get(path)
                assert response.json() == user.pk
            assert status_of(response) == "hit"
            assert Client().get(path)["Cache-Status"].endswith("detail=nobody")


@pytest.mark.parametrize("given_key", [True, "", 1.5, ("a", None), b"a"])
def test_a_key_that_is_none_is_an_error(given_key):
    api = NinjaAPI()

    @api.get("/x")
    @cache_response(60, key=lambda request, ctx: given_key)
    def view(request):
        return 1

    with serving(api=api), pytest.raises(ImproperlyConfigured, match="key= returned"):
        Client().get("/api/x")


def test_a_key_of_none_is_not_kept():
    api = NinjaAPI()

    @api.get("/x")
    @cache_response(60, key=lambda request, ctx: None)
    def view(request):
        return 1

    with serving(api=api):
        assert Client().get("/api/x")["Cache-Status"].endswith("detail=nobody")
