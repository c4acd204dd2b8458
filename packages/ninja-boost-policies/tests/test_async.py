"""Async operations: no thread where none is needed, and one where several parts need it."""

import threading

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.db.models import Q

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_policies import (
    BasePolicy,
    PolicyDenied,
    PolicyRegistry,
    asking,
    policy,
    policy_objects,
    policy_registry,
)

from .models import Booking
from .support import Token, a_request, registered, serving, who


def here():
    return threading.get_ident()


@pytest.fixture
def hops(monkeypatch):
    """How often a thread was asked for."""
    count = []

    def counting(function, *args, **kwargs):
        count.append(function)
        return sync_to_async(function, *args, **kwargs)

    monkeypatch.setattr(asking, "sync_to_async", counting)
    return count


class Where(BasePolicy):
    """Notes which thread each method ran in."""

    resource_name = "where"

    def __init__(self):
        self.threads = {}

    def before(self, request, ctx, action, obj=None):
        self.threads["before"] = here()

    def view(self, request, ctx, obj=None):
        self.threads["view"] = here()
        return True

    def scope(self, request, ctx):
        self.threads["scope"] = here()
        return Q(pk=1)


class Nonblocking(Where):
    nonblocking = True


class SomeNonblocking(Where):
    nonblocking = frozenset({"before"})

    def create(self, request, ctx, obj=None):
        return True


class AsyncView(Where):
    async def view(self, request, ctx, obj=None):
        self.threads["view"] = here()
        return True


class AllAsync(AsyncView):
    async def before(self, request, ctx, action, obj=None):
        self.threads["before"] = here()

    async def scope(self, request, ctx):
        self.threads["scope"] = here()
        return Q(pk=1)


@pytest.mark.parametrize(
    ("kind", "inline", "expected_hops"),
    [
        (Where, set(), 1),
        (Nonblocking, {"before", "view"}, 0),
        (SomeNonblocking, set(), 1),
        (AsyncView, {"view"}, 1),
        (AllAsync, {"before", "view"}, 0),
    ],
)
async def test_threads_of_a_decision(kind, inline, expected_hops, hops):
    where, registry = kind(), PolicyRegistry()
    registry.register(where)
    assert (await registry.aauthorize(a_request(), {}, "where", "view")).allowed
    assert {name for name, thread in where.threads.items() if thread == here()} == inline
    assert len(hops) == expected_hops


@pytest.mark.parametrize(
    ("kind", "expected_hops"), [(Where, 1), (Nonblocking, 0), (AsyncView, 1), (AllAsync, 0)]
)
async def test_threads_of_a_scope(kind, expected_hops, hops):
    where, registry = kind(), PolicyRegistry()
    registry.register(where)
    found = await registry.ascope(a_request(), {}, "where", Booking.objects.all())
    assert "WHERE" in str(found.query)
    assert len(hops) == expected_hops


async def serve(policy_of_test, get_obj, async_client, **options):
    """Call one operation, and return the threads of the policy."""
    api, router = AutoAPI(auth=Token()), AutoRouter()

    @router.get("/{name}")
    @policy("where", "view", get_obj=get_obj, **options)
    async def view(request, ctx, name: str):
        return {"object": policy_objects(request)["where"], "thread": here()}

    api.add_router("", router)
    with serving(api=api), registered(policy_of_test):
        response = await async_client.get("/api/x", headers=who("alice"))
    assert response.status_code == 200, response.content
    return response.json()["data"]


async def test_an_operation_needs_one_thread_for_all_of_it(async_client, hops):
    threads = []

    def get_obj(name):
        threads.append(here())
        return name

    where = Where()
    data = await serve(where, get_obj, async_client)
    assert data == {"object": "x", "thread": here()}
    assert len(hops) == 1
    assert {*threads, *where.threads.values()} == {threads[0]}
    assert threads[0] != here()


@pytest.mark.parametrize("kind", [Nonblocking, AllAsync])
async def test_an_operation_needs_no_thread(kind, async_client, hops):
    async def get_obj(name):
        return name

    where = kind()
    await serve(where, get_obj, async_client)
    assert hops == []
    assert set(where.threads.values()) == {here()}


async def test_a_nonblocking_get_obj(async_client, hops):
    def get_obj(name):
        return name

    get_obj.nonblocking = True
    await serve(Nonblocking(), get_obj, async_client)
    assert hops == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("thread_connections", "booking_policy")
async def test_the_orm_in_sync_rules_on_an_async_operation(async_client):
    """``view`` asks for the guests of the booking."""
    theirs = await Booking.objects.acreate(owner=2)
    await theirs.guests.acreate(user_id=1)
    api, router = AutoAPI(auth=Token()), AutoRouter()

    @router.get("/sync/{pk}")
    @policy("booking", "view", get_obj=lambda pk: Booking.objects.filter(pk=pk).first())
    async def by_sync(request, ctx, pk: int):
        return {"pk": ctx["policy_objects"]["booking"].pk}

    async def fetch(pk):
        return await Booking.objects.filter(pk=pk).afirst()

    @router.get("/async/{pk}")
    @policy("booking", "view", get_obj=fetch)
    async def by_async(request, ctx, pk: int):
        return {"pk": ctx["policy_objects"]["booking"].pk}

    @router.get("/list")
    @policy("booking", "view", in_view=True)
    async def listing(request, ctx):
        visible = await policy_registry.ascope(request, ctx, "booking", Booking.objects.all())
        return {"pks": [each.pk async for each in visible]}

    api.add_router("", router)
    with serving(api=api):
        for way in ("sync", "async"):
            url = f"/api/{way}/{theirs.pk}"
            allowed = await async_client.get(url, headers=who("alice"))
            assert allowed.json()["data"] == {"pk": theirs.pk}
            await theirs.guests.all().aupdate(user_id=9)
            assert (await async_client.get(url, headers=who("alice"))).status_code == 403
            await theirs.guests.all().aupdate(user_id=1)
            assert (await async_client.get("/api/sync/0", headers=who("alice"))).status_code == 404
        listed = await async_client.get("/api/list", headers=who("alice"))
        assert listed.json()["data"] == {"pks": [theirs.pk]}
        listed = await async_client.get("/api/list", headers=who("staff"))
        assert listed.json()["data"] == {"pks": [theirs.pk]}


async def test_a_nonblocking_rule_that_blocks_denies(caplog):
    class Lies(BasePolicy):
        resource_name = "lies"
        nonblocking = True

        def view(self, request, ctx, obj=None):
            return Booking.objects.exists() or True

    registry = PolicyRegistry()
    registry.register(Lies())
    decision = await registry.adecide(a_request(), {}, "lies", "view")
    assert not decision
    assert isinstance(decision.error, SynchronousOnlyOperation)


async def test_sync_code_inside_of_async_code_is_told_what_to_do():
    registry = PolicyRegistry()
    registry.register(AllAsync())
    with pytest.raises(RuntimeError, match=r"where.before is async.*aauthorize"):
        registry.authorize(a_request(), {}, "where", "view")


def test_async_rules_in_sync_code():
    registry = PolicyRegistry()
    registry.register(AllAsync())
    assert registry.authorize(a_request(), {}, "where", "view").allowed
    assert registry.scope(a_request(), {}, "where", Booking.objects.all()).query.where


async def test_a_denial_in_async_code():
    class Never(BasePolicy):
        resource_name = "never"

        async def view(self, request, ctx, obj=None):
            return False

    registry = PolicyRegistry()
    registry.register(Never())
    with pytest.raises(PolicyDenied) as caught:
        await registry.aauthorize(a_request(), None, "never", "view")
    assert caught.value.status_code == 401
    with pytest.raises(PolicyDenied) as caught:
        await registry.aauthorize(a_request("ann"), None, "never", "view", hide=True)
    assert caught.value.status_code == 404
