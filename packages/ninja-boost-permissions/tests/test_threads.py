"""Where permissions run: a thread for what may block, and none for what does not."""

import threading
from collections.abc import Mapping

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, Client, RequestFactory

from ninja_boost_core import ApiError, AutoAPI, AutoRouter
from ninja_boost_permissions import (
    AllowAny,
    BasePermission,
    HasPermission,
    IsAuthenticated,
    IsOwner,
    IsStaff,
    IsSuperuser,
    questions,
    require,
    standard,
)
from tests.support import denials, login, serving


class Watched(Mapping):
    """A principal that knows which threads look at it."""

    def __init__(self, **fields):
        self.fields = fields
        self.threads = set()

    def __getitem__(self, name):
        self.threads.add(threading.get_ident())
        return self.fields[name]

    def __iter__(self):
        return iter(self.fields)

    def __len__(self):
        return len(self.fields)


def serve(permission, **options):
    router, api = AutoRouter(), AutoAPI()
    view_threads = []

    @router.get("/async/{pk}", **options)
    @require(permission)
    async def asynchronous(request, pk: int):
        view_threads.append(threading.get_ident())
        return {}

    @router.get("/sync/{pk}", **options)
    @require(permission)
    def synchronous(request, pk: int):
        view_threads.append(threading.get_ident())
        return {}

    api.add_router("", router)
    return serving(api=api), view_threads


@pytest.mark.parametrize(
    "permission",
    [
        AllowAny,
        IsAuthenticated,
        IsStaff,
        IsSuperuser,
        HasPermission("a.b"),
        IsOwner(lambda request, ctx, pk: pk, nonblocking=True),
        IsAuthenticated & IsStaff & ~HasPermission("a.c") & (IsSuperuser | AllowAny),
    ],
    ids=str,
)
async def test_the_built_in_ones_look_at_a_dict_without_a_thread(permission, monkeypatch):
    def no_thread(function, *args, **kwargs):
        raise AssertionError(f"a thread for {function}")

    monkeypatch.setattr(questions, "sync_to_async", no_thread)
    monkeypatch.setattr(standard, "sync_to_async", no_thread)
    user = Watched(user_id=7, is_staff=True, is_superuser=True, permissions=["a.b"])
    served, threads = serve(permission)
    with served:
        response = await AsyncClient().get("/api/async/7", headers=login(user))
    assert response.status_code == 200
    assert threads == [threading.get_ident()]
    assert user.threads <= set(threads)


async def test_nobody_is_refused_without_a_thread(monkeypatch):
    monkeypatch.setattr(standard, "sync_to_async", None)
    monkeypatch.setattr(questions, "sync_to_async", None)
    served, _ = serve(
        IsOwner(lambda request, ctx: 1 / 0) | HasPermission("a.b") | IsStaff, auth=None
    )
    with served:
        assert (await AsyncClient().get("/api/async/7")).status_code == 401


class Threads(BasePermission):
    def __init__(self, **fields):
        self.threads = []
        self.__dict__.update(fields)

    def has_permission(self, request, ctx):
        self.threads.append(threading.get_ident())
        return True


async def test_a_plain_permission_runs_in_a_thread_unless_it_says_that_it_does_not_block():
    blocking, inline = Threads(), Threads(nonblocking=True)
    served, _ = serve(blocking & inline)
    with served:
        assert (await AsyncClient().get("/api/async/7", headers=login("a"))).status_code == 200
    assert inline.threads == [threading.get_ident()]
    assert len(blocking.threads) == 1
    assert blocking.threads != inline.threads


def test_everything_runs_in_the_thread_of_a_sync_operation():
    blocking, inline = Threads(), Threads(nonblocking=True)
    served, _ = serve(blocking & inline)
    with served:
        assert Client().get("/api/sync/7", headers=login("a")).status_code == 200
    assert blocking.threads == inline.threads == [threading.get_ident()]


class Both(BasePermission):
    def __init__(self):
        self.asked = []

    def has_permission(self, request, ctx):
        self.asked.append("plain")
        return True

    async def ahas_permission(self, request, ctx):
        self.asked.append("async")
        return True


async def test_an_operation_asks_its_own_kind():
    both = Both()
    served, _ = serve(both)
    with served:
        assert (await AsyncClient().get("/api/async/7", headers=login("a"))).status_code == 200
        assert both.asked == ["async"]
        assert (await AsyncClient().get("/api/sync/7", headers=login("a"))).status_code == 200
        assert both.asked == ["async", "plain"]


@pytest.mark.django_db(transaction=True)
async def test_permissions_query_the_database_from_async_operations():
    class Exists(BasePermission):
        def has_permission(self, request, ctx):
            return User.objects.filter(username=ctx["user"]).exists()

    class ExistsAsync(BasePermission):
        async def has_permission(self, request, ctx):
            return await User.objects.filter(username=ctx["user"]).aexists()

    await User.objects.acreate(username="alice")
    served, _ = serve(Exists & ExistsAsync)
    with served:
        for kind in ("async", "sync"):
            url = f"/api/{kind}/7"
            assert (await AsyncClient().get(url, headers=login("alice"))).status_code == 200
            assert (await AsyncClient().get(url, headers=login("bob"))).status_code == 403


async def test_one_that_lies_about_blocking_permits_nothing():
    class Liar(BasePermission):
        nonblocking = True

        def has_permission(self, request, ctx):
            return not User.objects.exists()

    served, _ = serve(Liar)
    with served, denials() as seen:
        assert (await AsyncClient().get("/api/async/7", headers=login("a"))).status_code == 403
    assert seen[0]["reason"] == "Liar raised SynchronousOnlyOperation"


async def test_an_async_permission_cannot_wait_in_a_sync_view_called_on_the_loop():
    class Later(BasePermission):
        async def has_permission(self, request, ctx):
            return True

    @require(Later)
    def view(request):
        return "in"

    with pytest.raises(ApiError), denials() as seen:
        view(RequestFactory().get("/"))
    assert seen[0]["reason"] == "Later raised RuntimeError"
