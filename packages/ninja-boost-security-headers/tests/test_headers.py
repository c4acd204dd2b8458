"""What is sent, with which settings."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import AsyncClient, Client

from ninja_boost_core.conf import boost_settings
from ninja_boost_security_headers import grade, security_report, with_headers
from ninja_boost_security_headers.settings import API_CSP, HTML_CSP

MIDDLEWARE = "ninja_boost_security_headers.middleware.SecurityHeadersMiddleware"


def wsgi(url, **kwargs):
    return Client(raise_request_exception=False).get(url, **kwargs)


def asgi(url, **kwargs):
    return asyncio.run(AsyncClient(raise_request_exception=False).get(url, **kwargs))


both = pytest.mark.parametrize("get", [wsgi, asgi])


@pytest.fixture
def headers(settings):
    def change(**options):
        settings.NINJA_BOOST = {"SECURITY_HEADERS": options}

    return change


@both
@pytest.mark.parametrize(("url", "status"), [("plain", 200), ("fails", 500), ("unknown", 404)])
def test_the_defaults_of_an_api_on_every_outcome(get, url, status):
    response = get(f"/auto/{url}")
    assert response.status_code == status
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in response["Permissions-Policy"]
    html = response["Content-Type"].startswith("text/html")
    assert response["Content-Security-Policy"] == (HTML_CSP if html else API_CSP)
    assert "Strict-Transport-Security" not in response


@both
def test_hsts_is_for_secure_requests(get):
    response = get("/auto/plain", secure=True)
    assert response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"HSTS_MAX_AGE": 60}, "max-age=60; includeSubDomains"),
        ({"HSTS_SECONDS": 60}, "max-age=60; includeSubDomains"),
        ({"HSTS_SECONDS": 0, "HSTS_INCLUDE_SUBDOMAINS": False}, "max-age=0"),
        ({"HSTS_PRELOAD": True}, "max-age=31536000; includeSubDomains; preload"),
        ({"HSTS_PRELOAD": True, "HSTS_MAX_AGE": 60}, "max-age=60; includeSubDomains"),
        ({"HSTS_MAX_AGE": None}, None),
    ],
)
def test_the_parts_of_hsts(headers, options, expected):
    headers(**options)
    assert wsgi("/auto/plain", secure=True).get("Strict-Transport-Security") == expected


@pytest.mark.parametrize("key", ["FRAME_OPTIONS", "X_FRAME_OPTIONS"])
def test_both_spellings(headers, key):
    headers(**{key: "SAMEORIGIN"})
    assert wsgi("/page")["X-Frame-Options"] == "SAMEORIGIN"


def test_a_csp_of_ones_own(headers):
    headers(CSP="default-src 'self' cdn.example.com")
    for url in ("/page", "/auto/plain"):
        assert wsgi(url)["Content-Security-Policy"] == "default-src 'self' cdn.example.com"
    headers(CSP_REPORT_ONLY=True)
    response = wsgi("/page")
    assert response["Content-Security-Policy-Report-Only"] == HTML_CSP
    assert "Content-Security-Policy" not in response
    assert wsgi("/own-policy")["Content-Security-Policy"] == "default-src https:"


def test_skipped_paths(headers):
    headers(SKIP_PATHS=["/auto/pl"])
    assert "X-Frame-Options" not in wsgi("/auto/plain")
    assert "X-Frame-Options" in wsgi("/auto/fails")


@pytest.mark.parametrize("bad", [{"CSP": "a\r\nSet-Cookie: b"}, {"FRAME_OPTION": "DENY"}])
def test_wrong_settings_are_reported(headers, bad):
    headers(**bad)
    assert boost_settings.find_problems()


@both
@pytest.mark.parametrize(
    "middlewares",
    [
        ("django.middleware.security.SecurityMiddleware", MIDDLEWARE),
        (MIDDLEWARE, "django.middleware.security.SecurityMiddleware"),
    ],
)
def test_nothing_is_sent_twice_beside_djangos_own(get, settings, middlewares):
    settings.SECURE_HSTS_SECONDS = 3600
    frames = "django.middleware.clickjacking.XFrameOptionsMiddleware"
    settings.MIDDLEWARE = [*middlewares, frames]
    response = get("/page", secure=True)
    names = [name.lower() for name, _ in response.items()]
    assert len(names) == len(set(names))
    assert response["X-Frame-Options"] == "DENY"
    # Whoever stands further in has the word.
    expected = {0: "max-age=31536000; includeSubDomains", 1: "max-age=3600"}
    inner = middlewares.index("django.middleware.security.SecurityMiddleware")
    assert response["Strict-Transport-Security"] == expected[inner]


@both
@pytest.mark.parametrize("url", ["/auto/embed", "/auto/aembed", "/ninja/embed"])
@pytest.mark.parametrize("with_middleware", [True, False])
def test_with_headers(get, settings, url, with_middleware):
    if not with_middleware:
        settings.MIDDLEWARE = []
    response = get(url)
    assert response["X-Frame-Options"] == "ALLOWALL"
    assert response["X-Widget"] == "1"
    assert "Referrer-Policy" not in response
    assert ("X-Content-Type-Options" in response) is with_middleware


def test_with_headers_is_documented():
    paths = wsgi("/auto/openapi.json").json()["paths"]
    assert "X-Widget" in paths["/auto/embed"]["get"]["responses"]["200"]["headers"]


@pytest.mark.parametrize("bad", [{"X Y": "1"}, {"X": "a\nb"}, {"X": "é"}])
def test_with_headers_refuses_what_no_header_is(bad):
    with pytest.raises(ValueError, match="X"):
        with_headers(bad)


@pytest.mark.django_db
def test_the_admin_loads_nothing_that_its_policy_forbids():
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    response = client.get("/admin/auth/user/add/")
    assert response["Content-Security-Policy"] == HTML_CSP
    body = response.content.decode()
    scripts = re.findall(r"<script([^>]*)>", body)
    assert scripts
    assert all("src=" in each or 'type="application/json"' in each for each in scripts)
    assert not re.search(r"\son(click|load|change|submit)=", body)
    assert not re.search(r"(src|href)=\"https?://", body)


def test_the_report_of_the_defaults_is_an_a(headers):
    report = security_report()
    assert report["grade"] == "A"
    assert report["findings"] == []
    headers(HSTS_MAX_AGE=None, CSP="script-src 'unsafe-inline'", FRAME_OPTIONS="ALLOWALL")
    report = security_report()
    assert report["grade"] == "F"
    found = {finding["header"] for finding in report["findings"]}
    assert found == {
        "Strict-Transport-Security",
        "Content-Security-Policy",
        "X-Frame-Options",
    }
    json.dumps(report)


def test_grades():
    letter, findings = grade({}, secure=True)
    assert letter == "F"
    assert len(findings) == 6
    everything = {**security_report()["headers"]["html"], "Content-Type": "text/html"}
    assert grade(everything, secure=True) == ("A", [])
    letter, findings = grade({**everything, "Server": "gunicorn/26.0"}, secure=True)
    assert (letter, [finding.header for finding in findings]) == ("A", ["Server"])
    letter, findings = grade(everything, secure=False)
    assert [finding.header for finding in findings] == ["Strict-Transport-Security"]
    wide = {**everything, "Content-Security-Policy": "default-src *"}
    letter, findings = grade(wide, secure=True)
    assert letter == "B"


def test_the_command_grades_the_project(capsys, settings):
    call_command("boost_headers")
    assert capsys.readouterr().out == "A  settings\n"
    call_command("boost_headers", "/auto/plain", "/page", at_least="A")
    assert capsys.readouterr().out == "A  /auto/plain\nA  /page\n"
    settings.MIDDLEWARE = []
    with pytest.raises(CommandError, match="The worst grade is F; B was asked for"):
        call_command("boost_headers", "/page", at_least="B")
    assert "high    Content-Security-Policy: Missing" in capsys.readouterr().out
    call_command("boost_headers", "/page", format="json")
    assert json.loads(capsys.readouterr().out)["/page"]["status"] == 200
    with pytest.raises(CommandError, match="no path of this project"):
        call_command("boost_headers", "example.com")


def messages(deploy=False):
    return {m.id: m for m in run_checks(include_deployment_checks=deploy) if "headers" in m.id}


def test_checks_and_their_hints(headers, settings):
    assert not messages()
    headers(HSTS_PRELOAD=True, HSTS_MAX_AGE=60)
    assert "ninja_boost_security_headers.W001" in messages()
    headers(HSTS_PRELOAD=True, HSTS_MAX_AGE=31536000, HSTS_INCLUDE_SUBDOMAINS=True)
    assert not messages()
    headers(FRAME_OPTIONS="ALLOWALL")
    assert "frame-ancestors" in messages()["ninja_boost_security_headers.W002"].hint
    headers(FRAME_OPTIONS=None, CSP="frame-ancestors *")
    assert not messages()
    settings.MIDDLEWARE = []
    assert "ninja_boost_security_headers.W003" in messages(deploy=True)
    settings.MIDDLEWARE = [MIDDLEWARE]
    assert not messages(deploy=True)
