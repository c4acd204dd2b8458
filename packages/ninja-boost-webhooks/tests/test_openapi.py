"""The OpenAPI document says what a sender must send and what it may get."""

from __future__ import annotations

import pytest
from django.test import Client, override_settings
from ninja import NinjaAPI, Router

from ninja_boost_core import AutoAPI
from ninja_boost_webhooks.hook import hooks

from .support import EACH, serving, view_of


def operation_of(case, kind, **options):
    router = Router()
    router.post("/hook", auth=None)(case.decorator(case.secret, **options)(view_of(False, [])))
    api = kind(urls_namespace="openapi")
    api.add_router("", router)
    with serving(api=api):
        document = Client().get("/api/openapi.json").json()
    return document["paths"]["/api/hook"]["post"]


@EACH
@pytest.mark.parametrize("kind", [AutoAPI, NinjaAPI])
def test_headers_and_errors(case, kind):
    operation = operation_of(case, kind)
    parameters = operation["parameters"]
    assert [each["name"] for each in parameters] == list(case.scheme.headers)
    for parameter in parameters:
        assert parameter["in"] == "header"
        assert parameter["required"] is True
        assert parameter["schema"] == {"type": "string", "minLength": 1}
        assert parameter["description"]
    responses = operation["responses"]
    assert {"400", "401", "409", "413", "503"} <= set(responses)
    assert responses["401"]["description"] == "The signature is not valid."
    if kind is AutoAPI:
        assert "WWW-Authenticate" in responses["401"]["headers"]


@EACH
def test_only_what_can_happen(case):
    assert not {"409", "503"} & set(operation_of(case, AutoAPI, replay="allow")["responses"])
    with override_settings(NINJA_BOOST={"WEBHOOKS": {"ON_ERROR": "open"}}):
        responses = operation_of(case, AutoAPI)["responses"]
    assert "409" in responses
    assert "503" not in responses


@EACH
def test_the_route_inventory_names_the_secret_and_not_its_value(case):
    view = case.decorator(case.secret)(view_of(False, []))
    assert view
    (hook,) = hooks
    assert hook.describe() == f"{case.scheme.name} signature (its secret=)"
    assert case.secret not in hook.describe()
