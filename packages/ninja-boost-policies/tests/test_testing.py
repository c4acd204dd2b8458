"""A view that declares a policy and never asks it fails its test."""

import pytest
from django.http import HttpResponse
from django.test import Client

from ninja_boost_policies import assert_policies_asked, policy, policy_registry
from ninja_boost_policies.hooks import listeners

from .models import Booking
from .support import a_request, make, serving, who

KINDS = pytest.mark.parametrize("kind", ["plain", "auto"])
pytestmark = pytest.mark.usefixtures("booking_policy")


@pytest.fixture(params=["plain", "auto"])
def api(request):
    api, router = make(request.param)
    mine = Booking(owner=1)

    @router.put("/asks")
    @policy("booking", "update", in_view=True)
    def asks(request, ctx):
        policy_registry.authorize(request, ctx, "booking", "update", obj=mine)
        return {}

    @router.put("/forgets")
    @policy("booking", "update", in_view=True)
    def forgets(request, ctx):
        return {}

    @router.put("/forgets-async")
    @policy("booking", "update", in_view=True)
    async def forgets_async(request, ctx):
        return {}

    @router.put("/asks-another")
    @policy("booking", "update", in_view=True)
    def asks_another(request, ctx):
        policy_registry.can(request, ctx, "booking", "view", obj=mine)
        return HttpResponse(status=204)

    @router.put("/can")
    @policy("booking", "update", in_view=True)
    async def asks_can(request, ctx):
        return {"may": await policy_registry.acan(request, ctx, "booking", "update", mine)}

    @router.put("/list")
    @policy("booking", "view", in_view=True)
    def lists(request, ctx):
        policy_registry.scope(request, ctx, "booking", Booking.objects.all())
        return {}

    @router.put("/refuses")
    @policy("booking", "update", in_view=True)
    def refuses(request, ctx):
        return HttpResponse(status=404)

    @router.put("/raises")
    @policy("booking", "update", in_view=True)
    def raises(request, ctx, number: int = 0):
        raise KeyError

    @router.put("/asked-for-it")
    @policy("booking", "create")
    def asked_for_it(request, ctx):
        return {}

    api.add_router("", router)
    with serving(api=api):
        yield


def put(path):
    return Client(raise_request_exception=False).put(f"/api/{path}", headers=who("alice"))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("asks", 200),
        ("can", 200),
        ("list", 200),
        ("refuses", 404),
        ("raises", 500),
        ("raises?number=x", 422),
        ("asked-for-it", 200),
    ],
)
@pytest.mark.usefixtures("api")
def test_what_passes(path, status):
    with assert_policies_asked():
        assert put(path).status_code == status


@pytest.mark.parametrize("path", ["forgets", "forgets-async", "asks-another"])
@pytest.mark.usefixtures("api")
def test_what_fails(path, caplog):
    with pytest.raises(AssertionError) as caught, assert_policies_asked():
        assert put(path).status_code < 300
    text = str(caught.value)
    assert text.startswith(f"PUT /api/{path} (tests.test_testing.")
    assert "declares the policy booking.update, and answered without asking it" in text
    assert "policy_registry.authorize" in text
    assert text in caplog.text  # outside of tests, too


@pytest.mark.usefixtures("api")
async def test_async_clients_are_seen(async_client):
    for path in ("forgets", "forgets-async"):
        with pytest.raises(AssertionError), assert_policies_asked():
            await async_client.put(f"/api/{path}", headers=who("alice"))


@pytest.mark.usefixtures("api")
def test_they_nest_and_leave_nothing_behind():
    def nested():
        with assert_policies_asked():
            with pytest.raises(AssertionError), assert_policies_asked():
                put("forgets")
            with assert_policies_asked():
                put("asks")

    def failing():
        with assert_policies_asked():
            put("forgets")
            raise ZeroDivisionError

    with pytest.raises(AssertionError):
        nested()
    with pytest.raises(ZeroDivisionError):
        failing()
    assert listeners == []


def test_direct_calls_are_seen():
    @policy("booking", "update", in_view=True)
    def forgets(request):
        return 1

    with pytest.raises(AssertionError, match="forgets"), assert_policies_asked():
        assert forgets(a_request()) == 1
