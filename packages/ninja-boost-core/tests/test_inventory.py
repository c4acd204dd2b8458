"""The inventory of operations, and the command that shows it."""

from __future__ import annotations

import json

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.urls import include, path
from ninja import NinjaAPI, Router
from ninja.security import APIKeyHeader, django_auth

from ninja_boost_core import AutoAPI, AutoRouter, Hook, Order, attach
from ninja_boost_core.checks import check_operations
from ninja_boost_core.inventory import operations, routes

from .support import serving

HERE = "tests.test_inventory"


class Key(APIKeyHeader):
    def authenticate(self, request, key):
        return key


class Signed(Hook):
    order = Order.VERIFY

    def before_auth(self, call): ...

    def describe(self):
        return "signed by the provider"


class Late(Hook):
    order = Order.CACHE

    def before_view(self, call): ...

    def describe(self):
        return "late"


class Early(Hook):
    order = Order.RATE_LIMIT

    def after_auth(self, call): ...

    def describe(self):
        return "early"


class Broken(Hook):
    def bind(self, operation):
        raise ImproperlyConfigured("BROKEN is wrong.")


@pytest.fixture
def served():
    api, router, plain = AutoAPI(urls_namespace="inventory"), AutoRouter(), Router()

    @router.get("/items/{int:pk}", auth=None)
    @attach(Late())
    @attach(Early())
    def item(request, ctx, pk: int): ...

    @router.post("/hook", auth=None)
    @attach(Signed())
    def hook(request, ctx): ...

    @router.put("/items/{pk}", url_name="replace")
    def replace(request, ctx, pk: int): ...

    @router.delete("/items/{pk}", auth=[Key(), django_auth])
    async def delete(request, ctx, pk: int): ...

    @plain.api_operation(["PUT", "PATCH"], "/plain")
    def change(request): ...

    api.add_router("", router)
    api.add_router("/sub", plain)
    ninja = NinjaAPI(urls_namespace="inventory-ninja")

    @ninja.get("/open")
    def bare(request): ...

    extra = [
        path("v/<slug:tenant>/", include([path("ninja/", ninja.urls)])),
        path("page", lambda request: HttpResponse()),
    ]
    with serving(*extra, api=api):
        yield


def test_what_is_listed(served):
    found = [
        (route.method, route.path, route.view.rpartition(".")[2], *route.auth, route.protected)
        for route in routes()
    ]
    assert found == [
        ("POST", "/api/hook", "hook", True),
        ("DELETE", "/api/items/{pk}", "delete", "Key", "SessionAuth", True),
        ("GET", "/api/items/{pk}", "item", False),
        ("PUT", "/api/items/{pk}", "replace", "BearerTokenAuth", True),
        ("PATCH", "/api/sub/plain", "change", "BearerTokenAuth", True),
        ("PUT", "/api/sub/plain", "change", "BearerTokenAuth", True),
        ("GET", "/v/{tenant}/ninja/open", "bare", False),
    ]
    item = next(route for route in routes() if route.view.endswith("item"))
    assert item.hooks == ("early", "late")
    assert item.view == f"{HERE}.served.<locals>.item"


def test_the_table(served, capsys):
    call_command("boost_routes", unprotected=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["GET", "/api/items/{pk}", "open"]
    assert [line.strip() for line in lines[1:3]] == ["early", "late"]
    assert lines[-1] == "2 operations, 2 of them open"
    call_command("boost_routes")
    assert "signature" in capsys.readouterr().out


def test_a_baseline(served, capsys, tmp_path):
    baseline = tmp_path / "routes.json"
    call_command("boost_routes", format="json")
    baseline.write_text(capsys.readouterr().out)
    call_command("boost_routes", check=baseline)
    assert capsys.readouterr().out == f"7 operations, as in {baseline}.\n"

    known = json.loads(baseline.read_text())
    known[2]["protected"] = True
    known[4]["path"] = "/api/sub/gone"
    baseline.write_text(json.dumps(known))
    with pytest.raises(CommandError, match="3 differences"):
        call_command("boost_routes", check=baseline)
    assert capsys.readouterr().out.splitlines() == [
        "! GET /api/items/{pk}: protected was True, is False",
        "- PATCH /api/sub/gone",
        "+ PATCH /api/sub/plain",
    ]
    for bad in ("[1]", "nothing", '{"a": 1}'):
        baseline.write_text(bad)
        with pytest.raises(CommandError, match="is no baseline"):
            call_command("boost_routes", check=baseline)
    with pytest.raises(CommandError, match="is no baseline"):
        call_command("boost_routes", check=tmp_path / "missing")


def test_the_check_of_operations_sees_a_plain_ninja_api():
    ninja = NinjaAPI(urls_namespace="inventory-broken")

    @ninja.get("/broken/{pk}")
    @attach(Broken())
    def broken(request, pk: int): ...

    with serving(ninja=ninja):
        (message,) = check_operations()
        assert isinstance(message, checks.Error)
        assert message.msg == "GET /ninja/broken/{pk}: BROKEN is wrong."
        assert len(list(operations())) == 1
