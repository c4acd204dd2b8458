"""Arguments, settings, system checks and documentation."""

from functools import partial

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from ninja import NinjaAPI, Router, Schema

from ninja_boost_caching import cache_response, if_match
from ninja_boost_core import AutoAPI, AutoRouter, Hook, attach
from ninja_boost_core.conf import boost_settings
from ninja_boost_core.durations import no_or_seconds, seconds

from .support import Bearer, operations_of, serving, with_cache


@pytest.mark.parametrize(
    "options",
    [
        {"ttl": 0},
        {"ttl": -1},
        {"ttl": "soon"},
        {"ttl": True},
        {"key": "everybody"},
        {"key": 7},
        {"tags": "products"},
        {"tags": [""]},
        {"tags": [7]},
        {"vary": ["*"]},
        {"vary": [""]},
        {"stale": -1},
        {"lease": 0},
        {"wait": "x"},
        {"wait": 61},
    ],
)
def test_arguments_that_make_no_sense(options):
    with pytest.raises(ValueError, match=r"."):
        cache_response(**options)


def test_misuse():
    with pytest.raises(TypeError, match="parentheses"):
        cache_response(lambda request: 1)
    with pytest.raises(TypeError, match="vary"):
        cache_response(vary="Accept")
    with pytest.raises(TypeError, match="already"):
        cache_response()(cache_response()(lambda request: 1))
    with pytest.raises(TypeError, match="callable"):
        if_match("v1")
    with pytest.raises(TypeError, match="already"):
        if_match(str)(if_match(str)(lambda request: 1))


def test_durations():
    from datetime import timedelta

    assert [seconds(v) for v in (5, 2.5, "90s", "5m", timedelta(hours=1))] == [
        5,
        2.5,
        90,
        300,
        3600,
    ]
    assert no_or_seconds(0) == 0


def problems(value):
    with with_cache(**value):
        return [str(problem) for problem in boost_settings.find_problems()]


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"TTL": 0}, "CACHE.TTL"),
        ({"TTL": "never"}, "CACHE.TTL"),
        ({"JITTER": 1}, "CACHE.JITTER"),
        ({"ON_ERROR": "maybe"}, "CACHE.ON_ERROR"),
        ({"ALAIS": "redis"}, "ALIAS"),
        ({"LEASE": 0.5}, "CACHE.LEASE"),
        ({"WAIT": 61}, "CACHE.WAIT"),
    ],
)
def test_settings_that_are_wrong_are_named(value, named):
    assert any(named in problem for problem in problems(value))


def test_durations_in_settings():
    assert not problems({"TTL": "5m", "STALE": 0, "WAIT": "5s", "MAX_AGE": "1m"})


def warnings_of(deploy=False, **apis):
    with serving(**apis):
        found = run_checks(tags=["ninja_boost"], include_deployment_checks=deploy)
    return [message for message in found if message.id.startswith("ninja_boost_caching")]


def ids(messages):
    return [message.id.partition(".")[2] for message in messages]


@pytest.mark.parametrize("kind", [NinjaAPI, AutoAPI])
def test_shared_by_omission_is_a_warning(kind):
    def build(auth, **options):
        api = kind(auth=auth)
        router = Router() if kind is NinjaAPI else AutoRouter()

        @router.get("/x/{n}")
        @cache_response(60, **options)
        def view(request, n: int):
            return 1

        api.add_router("/below", router)
        return api

    [warning] = warnings_of(api=build(Bearer()))
    assert warning.id == "ninja_boost_caching.W001"
    assert "GET " in warning.msg
    assert 'key="user"' in warning.hint
    assert not warnings_of(api=build(Bearer(), key="shared"))
    assert not warnings_of(api=build(Bearer(), key="user"))
    assert not warnings_of(api=build(Bearer(), key=lambda request, ctx: 1))
    assert not warnings_of(api=build(None))
    assert ids(warnings_of(api=build(None, key="user"))) == ["W002"]


def test_an_auto_router_on_a_plain_api_needs_auth():
    api, router = NinjaAPI(), AutoRouter()
    router.get("/x")(cache_response(60)(lambda request: 1))
    api.add_router("", router)
    assert ids(warnings_of(api=api)) == ["W001"]


def test_a_view_of_somebody_else_has_the_name_of_ninjas():
    from django.urls import path

    with serving(path("", str, name="api-root"), path("b", partial(str, api=1), name="api-root")):
        assert not [m for m in run_checks(tags=["ninja_boost"]) if "caching" in m.id]


def test_methods_of_an_object():
    class Shop:
        def products(self, request):
            return 1

    api = NinjaAPI()
    api.get("/x")(cache_response(60)(Shop().products))
    with serving(api=api):
        assert Client().get("/api/x").json() == 1
        assert (
            304
            in api.get_openapi_schema(path_prefix="/api/")["paths"]["/api/x"]["get"]["responses"]
        )


def test_checks_of_the_cache(settings):
    def build():
        api = NinjaAPI()
        api.get("/x")(cache_response(60)(lambda request: 1))
        return api

    assert ids(warnings_of(deploy=True, api=build())) == ["W003"]
    assert not warnings_of(deploy=True, api=NinjaAPI())
    with with_cache(ALIAS="redis"):
        assert not warnings_of(deploy=True, api=build())
    settings.CACHES = {
        **settings.CACHES,
        "slow": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://x"},
    }
    with with_cache(ALIAS="slow"):
        assert ids(warnings_of(deploy=True, api=build())) == ["W004"]
    with with_cache(ALIAS="nope"):
        [error] = warnings_of(deploy=True, api=build())
    assert error.id == "ninja_boost_caching.E001"
    assert "'redis'" in error.hint


def broken(kind=NinjaAPI, method="GET", **options):
    api = kind()

    @api.api_operation([method], "/x/{n}")
    @cache_response(60, **options)
    def view(request, n: int):
        return 1

    return api


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"method": "POST"}, "GET and HEAD alone"),
        ({"tags": ["{m}"]}, "no argument"),
        ({"tags": ["{n"]}, "the tag"),
    ],
)
def test_operations_that_cannot_be_cached(options, text):
    for api in (broken(**options), broken(lambda: AutoAPI(auth=None), **options)):
        with serving(api=api):
            found = [m for m in run_checks(tags=["ninja_boost"]) if text in m.msg]
        assert [m.id for m in found] == ["ninja_boost_core.E002"]


def test_a_sync_view_with_an_async_etag():
    async def etag(request, ctx):
        return "1"

    api = NinjaAPI()
    api.put("/x")(if_match(etag)(lambda request: 1))
    with serving(api=api), pytest.raises(ImproperlyConfigured, match="async"):
        Client().put("/api/x")


class Product(Schema):
    id: int


@pytest.mark.parametrize("kind", [NinjaAPI, lambda: AutoAPI(auth=None)])
def test_documentation(kind):
    api = kind()

    @api.get("/products", response=list[Product])
    @attach(Hook())
    @cache_response(60)
    def products(request):
        return []

    @api.put("/products/{product_id}")
    @if_match(lambda request, ctx, product_id: "1", required=True)
    def change(request, product_id: int):
        return 1

    with serving(api=api):
        document = api.get_openapi_schema(path_prefix="/api/")
        read = document["paths"]["/api/products"]["get"]
        write = document["paths"]["/api/products/{product_id}"]["put"]
    assert "If-None-Match" in [p["name"] for p in read["parameters"]]
    assert {"ETag", "Age", "Cache-Status"} <= set(read["responses"][200]["headers"])
    assert read["responses"][304]["description"] == "Not Modified"
    assert "content" not in read["responses"][304]
    [condition] = [p for p in write["parameters"] if p["name"] == "If-Match"]
    assert condition["required"]
    assert {412, 428} <= set(write["responses"])
    with with_cache(ON_ERROR="closed"), serving(api=api):
        document = api.get_openapi_schema(path_prefix="/api/")
    assert 503 in document["paths"]["/api/products"]["get"]["responses"]


def test_inventory():
    api = NinjaAPI()
    api.get("/x")(cache_response(60, key="user")(lambda request: 1))
    api.put("/x")(if_match(str, required=True)(lambda request: 1))
    with serving(api=api):
        bound = operations_of(api, "/x")
        described = [hook.describe() for operation in bound for hook in operation.hooks]
    assert described == ["cached for 60 s, key user", "If-Match required"]
