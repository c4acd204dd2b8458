"""Who sees which docs."""

from __future__ import annotations

import json
import re
from types import ModuleType

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.test import AsyncClient, Client

from ninja_boost_docs import SwaggerPage, harden_docs

from .urls import auto, plain

ROOTS = ["/auto", "/plain/acme"]
PATHS = ["/docs", "/openapi.json", "/docs?asset=favicon.png"]
TOKEN = {"Authorization": "Bearer letmein"}


@pytest.fixture
def docs(settings):
    def change(**options):
        settings.NINJA_BOOST = {"DOCS": options}

    return change


def statuses(client=None, **kwargs):
    client = client or Client()
    return {client.get(root + path, **kwargs).status_code for root in ROOTS for path in PATHS}


def test_open_by_default():
    assert statuses() == {200}


@pytest.mark.parametrize("debug", [True, False])
def test_switches(docs, settings, debug):
    settings.DEBUG = debug
    docs(ENABLED=False)
    assert statuses() == {404}
    docs(DISABLE_IN_PRODUCTION=True)
    assert statuses() == ({200} if debug else {404})


def test_a_refusal_is_that_of_an_unknown_path(docs):
    docs(ENABLED=False)
    body = Client().get("/auto/docs").json()
    assert (body["ok"], body["error"], body["code"]) == (False, "Not found.", 404)


def test_networks(docs):
    docs(ALLOWED_IPS=["10.0.0.0/8", "192.0.2.7"])
    assert statuses() == {404}
    assert statuses(headers={"X-Forwarded-For": "10.0.0.1"}) == {404}
    assert statuses(REMOTE_ADDR="10.1.2.3") == {200}
    assert statuses(REMOTE_ADDR="192.0.2.7") == {200}
    assert statuses(REMOTE_ADDR="192.0.2.8") == {404}


@pytest.mark.django_db
def test_staff(docs):
    docs(REQUIRE_STAFF=True)
    assert statuses() == {404}
    assert statuses(headers=TOKEN) == {404}
    for flags, expected in (({}, 404), ({"is_staff": True}, 200)):
        client = Client()
        client.force_login(User.objects.create_user(f"user{expected}", **flags))
        assert statuses(client) == {expected}
    User.objects.update(is_active=False)
    assert statuses(client) == {404}


@pytest.mark.django_db
def test_auth(docs):
    docs(REQUIRE_AUTH=True)
    assert statuses() == {404}
    assert statuses(headers={"Authorization": "Bearer wrong"}) == {404}
    assert statuses(headers=TOKEN) == {200}
    client = Client()
    client.force_login(User.objects.create_user("ada"))
    assert statuses(client) == {200}
    assert client.get("/auto/openapi.json")["Cache-Control"] == "private, no-store"


async def test_on_asgi(docs):
    docs(REQUIRE_AUTH=True)
    for root in ROOTS:
        assert (await AsyncClient().get(f"{root}/openapi.json")).status_code == 404
        response = await AsyncClient().get(f"{root}/openapi.json", headers=TOKEN)
        assert response.status_code == 200


def test_a_plain_api_that_nobody_hardened_stays_as_it_is(docs):
    docs(ENABLED=False)
    assert Client().get("/untouched/openapi.json").status_code == 200


def test_hardening_twice_changes_nothing():
    decorator, page = auto.docs_decorator, auto.docs
    assert harden_docs(auto) is auto
    assert (auto.docs_decorator, auto.docs) == (decorator, page)
    assert type(page) is SwaggerPage


@pytest.mark.parametrize(
    ("url", "program"), [("/auto/docs", "swagger"), ("/plain/acme/docs", "redoc")]
)
def test_the_page_is_made_of_its_own_files(url, program):
    response = Client().get(url)
    html = response.content.decode()
    assert not re.search(r"(src|href)=\"(?!\?asset=)", html)
    scripts = re.findall(r"<script([^>]*)>", html)
    assert all("src=" in each or 'type="application/json"' in each for each in scripts)
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    for name in re.findall(r"\?asset=([^\"]+)", html):
        asset = Client().get(f"{url}?asset={name}")
        assert asset.status_code == 200
        assert asset["X-Content-Type-Options"] == "nosniff"
        assert b"cdn.redoc.ly" not in asset.content
    assert program in html
    for name in ("../settings.py", "__init__.py", "redoc.standalone.js.map", ""):
        assert Client().get(f"{url}?asset={name}").status_code == 404


def test_nothing_of_the_title_or_the_settings_is_markup():
    html = Client().get("/auto/docs").content.decode()
    assert "<title>Seats &lt;&amp;&gt; more</title>" in html
    block = re.search(r'id="docs-settings">(.*?)</script>', html).group(1)
    assert not set("<>&") & set(block)
    assert json.loads(block)["url"] == "/auto/openapi.json"
    block = re.search(
        r'id="docs-settings">(.*?)</script>', Client().get("/plain/acme/docs").content.decode()
    ).group(1)
    assert json.loads(block)["url"] == "/plain/acme/openapi.json"


def test_what_the_document_says_of_itself(docs):
    docs(TITLE="T", DESCRIPTION="D", VERSION="9", SERVERS=[{"url": "https://api.example"}])
    for root in ROOTS:
        document = Client().get(f"{root}/openapi.json").json()
        info = document["info"]
        assert (info["title"], info["description"], info["version"]) == ("T", "D", "9")
        assert document["servers"] == [{"url": "https://api.example"}]
    docs()
    assert Client().get("/auto/openapi.json").json()["info"]["title"] == "Seats <&> more"


@pytest.mark.django_db
def test_internal_operations(docs):
    docs(INTERNAL_TAGS=["Internal"])
    for root in ROOTS:
        document = Client().get(f"{root}/openapi.json").json()
        assert f"{root}/margins" not in document["paths"]
        assert f"{root}/seats" in document["paths"]
        assert "Secret" not in document["components"]["schemas"]
        assert "Seat" in document["components"]["schemas"]
    client = Client()
    client.force_login(User.objects.create_user("ada", is_staff=True))
    document = client.get("/auto/openapi.json").json()
    assert "/auto/margins" in document["paths"]
    assert "Secret" in document["components"]["schemas"]


def test_additions_to_the_document():
    components = Client().get("/auto/openapi.json").json()["components"]
    partner = components["securitySchemes"]["Partner"]
    assert partner == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    assert "Token" in components["securitySchemes"]
    assert "X-RateLimit-Limit" in components["headers"]


def test_a_check_says_that_anybody_reads_them(docs):
    def found():
        ids = [message.id for message in run_checks(include_deployment_checks=True)]
        return "ninja_boost_docs.W001" in ids

    assert found()
    for options in (
        {"DISABLE_IN_PRODUCTION": True},
        {"REQUIRE_STAFF": True},
        {"REQUIRE_AUTH": True},
        {"ALLOWED_IPS": ["10.0.0.0/8"]},
        {"ENABLED": False},
    ):
        docs(**options)
        assert not found()


def test_a_decorator_of_ones_own_stays_inside_the_guard(docs):
    from ninja import NinjaAPI

    from ninja_boost_docs.guard import DocGuard

    seen = []

    def own(view):
        def wrapper(request, **kwargs):
            seen.append(request.path)
            return view(request, **kwargs)

        return wrapper

    api = harden_docs(NinjaAPI(docs_decorator=own, urls_namespace="own"))
    assert isinstance(DocGuard(plain).api, NinjaAPI)
    from django.test import override_settings
    from django.urls import clear_url_caches, path

    urls = ModuleType("urls_of_a_test")
    urls.urlpatterns = [path("own/", api.urls)]

    clear_url_caches()
    with override_settings(ROOT_URLCONF=urls):
        assert Client().get("/own/docs").status_code == 200
        docs(ENABLED=False)
        with override_settings(ROOT_URLCONF=urls):
            assert Client().get("/own/docs").status_code == 404
    clear_url_caches()
    assert seen == ["/own/docs"]
