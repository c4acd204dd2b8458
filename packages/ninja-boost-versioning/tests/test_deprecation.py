"""Deprecation, sunset, and who still comes."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import AsyncClient, Client
from hypothesis import given
from hypothesis import strategies as st
from ninja import NinjaAPI

from ninja_boost_core.events import event_bus
from ninja_boost_versioning import ON_DEPRECATED_USE, deprecated, deprecation_statistics, usage
from ninja_boost_versioning.deprecation import deprecation

from .urls import auto, by_ninja


def wsgi(url):
    return Client(raise_request_exception=False).get(url)


def asgi(url):
    return asyncio.run(AsyncClient(raise_request_exception=False).get(url))


both = pytest.mark.parametrize("get", [wsgi, asgi])
roots = pytest.mark.parametrize("root", ["/auto/routes", "/ninja/routes"])


@pytest.fixture(autouse=True)
def _fresh():
    usage.reset()
    yield
    event_bus.clear(ON_DEPRECATED_USE)


@pytest.fixture
def prefixes(settings):
    def change(**given):
        settings.NINJA_BOOST = {"VERSIONING": {"DEPRECATED": {"/auto/": given}}}

    return change


@both
@roots
def test_the_headers(get, root):
    response = get(f"{root}/legacy")
    assert response.status_code == 200
    assert response["Deprecation"] == "@1735689600"
    assert response["Sunset"] == "Tue, 01 Dec 2026 00:00:00 GMT"
    assert response["Link"] == '</api/v2/items/>; rel="successor-version"'


@both
@roots
def test_errors_have_them_too(get, root):
    response = get(f"{root}/alegacy")
    assert response.status_code == 409
    assert response["Deprecation"] == "@0"
    assert response["Sunset"] == "Tue, 01 Dec 2026 10:00:00 GMT"
    assert response["Link"] == (
        '<https://example.org/old>; rel="deprecation", </bye>; rel="sunset"'
    )


@both
@roots
@pytest.mark.parametrize(("path", "status"), [("legacy", 200), ("alegacy", 409), ("gone", 410)])
def test_they_need_no_middleware(get, root, path, status, settings):
    settings.MIDDLEWARE = []
    response = get(f"{root}/{path}")
    assert response.status_code == status
    assert {"Deprecation", "Sunset", "Link"} <= {*response.headers}


@both
@roots
def test_an_unexpected_error_has_them(get, root):
    response = get(f"{root}/crash")
    assert response.status_code == 500
    assert response["Deprecation"] == "@0"
    assert "Sunset" not in response


@both
@roots
def test_after_the_sunset_it_is_gone_if_asked_for(get, root):
    response = get(f"{root}/gone")
    assert response.status_code == 410
    assert "/new" in response.content.decode()
    assert response["Sunset"] == "Wed, 01 Jan 2020 00:00:00 GMT"
    assert get(f"{root}/late").status_code == 200


@pytest.mark.parametrize("api", [auto, by_ninja])
def test_the_document_says_so(api):
    for _ in range(2):
        paths = api.get_openapi_schema(path_prefix="")["paths"]
        legacy = paths["/routes/legacy"]["get"]
        assert legacy["deprecated"] is True
        assert {*legacy["responses"][200]["headers"]} >= {"Deprecation", "Sunset", "Link"}
        assert 410 in paths["/routes/gone"]["get"]["responses"]
        assert "deprecated" not in paths["/routes/query"]["get"]


def test_the_first_document_of_a_plain_api_says_so():
    api = NinjaAPI(urls_namespace="first")

    @api.get("/old", openapi_extra={"x-mine": 1})
    @deprecated(sunset="2030-01-01")
    def old(request):
        return 1

    operation = api.get_openapi_schema(path_prefix="")["paths"]["/old"]["get"]
    assert (operation["deprecated"], operation["x-mine"]) == (True, 1)


@both
@roots
def test_use_is_counted_logged_once_and_announced(get, root, caplog, monkeypatch):
    seen = []
    event_bus.on(ON_DEPRECATED_USE, lambda **kw: seen.append(kw))
    with caplog.at_level(logging.WARNING, "ninja_boost.versioning"):
        for _ in range(3):
            get(f"{root}/legacy")
        get(f"{root}/alegacy")
    assert deprecation_statistics() == {f"GET {root}/legacy": 3, f"GET {root}/alegacy": 1}
    texts = [r.getMessage() for r in caplog.records if r.name == "ninja_boost.versioning"]
    start = f"The deprecated route GET {root}"
    assert texts == [
        f"{start}/legacy is in use; its sunset: Tue, 01 Dec 2026 00:00:00 GMT.",
        f"{start}/alegacy is in use; its sunset: Tue, 01 Dec 2026 10:00:00 GMT.",
    ]
    assert [each["route"] for each in seen] == [f"{root}/legacy"] * 3 + [f"{root}/alegacy"]
    assert seen[0]["replacement"] == "/api/v2/items/"
    assert seen[0]["sunset"] == 1796083200


def test_the_log_comes_again_after_an_hour():
    assert usage._count("GET /x", 10.0) is True
    assert usage._count("GET /x", 3609.0) is False
    assert usage._count("GET /y", 3609.0) is True
    assert usage._count("GET /x", 3610.0) is True
    assert deprecation_statistics() == {"GET /x": 3, "GET /y": 1}


@both
def test_an_async_handler_is_awaited(get):
    seen = []

    @event_bus.on(ON_DEPRECATED_USE)
    async def note(route, **kw):
        seen.append(route)

    get("/auto/routes/alegacy")
    assert seen == ["/auto/routes/alegacy"]


@both
def test_a_prefix(get, prefixes):
    prefixes(SINCE="2025-01-01", SUNSET="2026-06-01", REPLACEMENT="/api/v3/", LINK="/why")
    for url, status in (("/auto/people", 200), ("/auto/unknown", 404)):
        response = get(url)
        assert response.status_code == status
        assert response["Deprecation"] == "@1735689600"
        assert response["Sunset"] == "Mon, 01 Jun 2026 00:00:00 GMT"
        assert response["Link"] == (
            '</api/v3/>; rel="successor-version", </why>; rel="deprecation"'
        )
    assert deprecation_statistics() == {"GET /auto/": 2}
    assert "Deprecation" not in get("/api/v3/people")


def test_the_document_of_a_version_says_what_is_below_a_prefix(client, settings):
    def marked(version):
        paths = client.get(f"/api/{version}/openapi.json").json()["paths"]
        found = {path: {each.get("deprecated") for each in paths[path].values()} for path in paths}
        assert {f"/api/{version}/people", f"/api/{version}/orders/{{number}}"} < {*found}
        return {path for path, flags in found.items() if flags == {True}}, {*found}

    assert marked("v1")[0] == set()
    settings.NINJA_BOOST = {
        "VERSIONING": {"DEPRECATED": {"/api/v1/": {}, "/api/v2/orders/": {"SUNSET": "2030-01-01"}}}
    }
    some, every = marked("v1")
    assert some == every
    assert marked("v2")[0] == {"/api/v2/orders/{number}"}
    assert marked("v3")[0] == set()
    settings.NINJA_BOOST = {}
    assert marked("v1")[0] == set()


@both
def test_a_route_s_own_deprecation_is_not_doubled(get, prefixes):
    prefixes(SINCE="2024-01-01", SUNSET="2025-06-01", REPLACEMENT="/api/v3/")
    for path, since in (("legacy", "@1735689600"), ("crash", "@0")):
        response = get(f"/auto/routes/{path}")
        assert response["Deprecation"] == since
        assert "/api/v3/" not in response.get("Link", "")
    assert deprecation_statistics() == {
        "GET /auto/routes/legacy": 1,
        "GET /auto/routes/crash": 1,
    }


@both
@pytest.mark.parametrize(
    ("errors", "media_type", "text"),
    [
        ("envelope", "application/json", "error"),
        ("problem", "application/problem+json", "detail"),
        ("ninja", "application/json", "detail"),
    ],
)
def test_a_prefix_that_is_gone(get, settings, errors, media_type, text):
    gone = {"/auto/": {"SUNSET": "2020-01-01", "GONE": True, "REPLACEMENT": "/api/v3/"}}
    longer = {"/auto/routes/": {"SUNSET": "2020-01-01"}}
    settings.NINJA_BOOST = {"ERRORS": errors, "VERSIONING": {"DEPRECATED": {**gone, **longer}}}
    response = get("/auto/people")
    assert (response.status_code, response["Content-Type"]) == (410, media_type)
    assert json.loads(response.content)[text] == "This was switched off. Use /api/v3/ instead."
    assert response["Deprecation"] == "@0"
    assert get("/auto/routes/accept").status_code == 200


def test_links_of_the_view_stay():
    from django.http import HttpResponse

    made = deprecation(replacement="/new", link="/why")
    response = HttpResponse(headers={"Link": '</2>; rel="next", </why>; rel="deprecation"'})
    made.put_on(response)
    made.put_on(response)
    assert response["Link"] == (
        '</2>; rel="next", </why>; rel="deprecation", </new>; rel="successor-version"'
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"sunset": "soon"}, "is no date"),
        ({"since": "2026-01-01", "sunset": "2025-01-01"}, "before the deprecation"),
        ({"gone": True}, "needs a sunset"),
        ({"replacement": "/x\r\nSet-Cookie: a=b"}, "no URL"),
        ({"link": '/x>; rel="next'}, "no URL"),
    ],
)
def test_arguments_that_make_no_sense(arguments, text, settings):
    with pytest.raises(ValueError, match=text):
        deprecated(**arguments)
    given = {name.upper(): value for name, value in arguments.items()}
    settings.NINJA_BOOST = {"VERSIONING": {"DEPRECATED": {"/auto/": given}}}
    errors = run_checks()
    assert any(text in str(error) and "DEPRECATED" in str(error) for error in errors), errors


@pytest.mark.parametrize("options", [{"DEPRECATED": {"api/": {}}}, {"HEADER": "X: y"}, {"X": 1}])
def test_bad_settings_are_check_errors(settings, options):
    settings.NINJA_BOOST = {"VERSIONING": options}
    assert any("VERSIONING" in str(error) for error in run_checks())
    with pytest.raises(ImproperlyConfigured, match="VERSIONING"):
        wsgi("/auto/people")


def test_prefixes_without_the_middleware_are_a_check_error(settings, prefixes):
    prefixes(SUNSET="2026-01-01")
    assert not [e for e in run_checks() if e.id == "ninja_boost_versioning.E001"]
    settings.MIDDLEWARE = []
    assert [e.id for e in run_checks()] == ["ninja_boost_versioning.E001"]


@given(st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1)), st.integers(-12, 12))  # noqa: DTZ001
def test_a_moment_is_the_same_in_any_spelling(moment, hours):
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    local = moment.astimezone(timezone(timedelta(hours=hours)))
    spellings = [moment, local, moment.replace(tzinfo=None), local.isoformat()]
    assert {deprecation(sunset=each).sunset for each in spellings} == {int(moment.timestamp())}
    midnight = moment.replace(hour=0, minute=0, second=0)
    assert deprecation(sunset=moment.date()).sunset == int(midnight.timestamp())
    assert isinstance(moment.date(), date)


def test_a_direct_call_is_counted(rf):
    @deprecated(sunset="2030-01-01")
    def view(request):
        return 1

    assert view(rf.get("/x")) == 1
    assert deprecation_statistics() == {"GET (no route)": 1}


def test_the_inventory_line():
    from ninja_boost_core.inventory import routes

    lines = {route.path: route.hooks for route in routes()}
    assert lines["/auto/routes/legacy"][0] == "deprecated, sunset Tue, 01 Dec 2026 00:00:00 GMT"
    assert "version 2.0 by header X-API-Version" in lines["/auto/routes/header"]
    assert lines["/api/v1/people"][0] == "version v1 by path"


def test_the_headers_are_made_once():
    old = deprecation(sunset="2099-01-01", replacement="/new")
    assert old.headers is old.headers
    assert old.headers["Link"] == '</new>; rel="successor-version"'
