"""URLs that the tests call."""

import asyncio

from django.contrib.auth.models import Group, User
from django.urls import path
from ninja import NinjaAPI, Router
from ninja.security import APIKeyHeader, HttpBearer, django_auth

from ninja_boost_core import ApiError, AutoAPI, AutoRouter, event_bus

plain = NinjaAPI(auth=django_auth)


class Key(APIKeyHeader):
    param_name = "X-Key"

    def authenticate(self, request, key):
        return {"key": key} if key == "right" else None


class SlowBearer(HttpBearer):
    async def authenticate(self, request, token):
        await asyncio.sleep(0)
        return


@plain.get("/whoami")
def whoami(request):
    return {"auth": str(request.auth), "user": str(request.user)}


@plain.get("/awhoami", auth=[Key(), SlowBearer()])
async def awhoami(request):
    return {"auth": str(request.auth), "user": ""}


@plain.get("/open", auth=None)
def unguarded(request):
    return {"auth": str(getattr(request, "auth", None))}


plain.add_router("", Router())

auto = AutoAPI()
router = AutoRouter()


@router.get("/whoami")
def auto_whoami(request, ctx):
    return {"auth": str(ctx["user"])}


@router.get("/awhoami", auth=[Key(), SlowBearer()])
async def auto_awhoami(request, ctx):
    return {"auth": str(ctx["user"])}


@router.get("/open", auth=None)
def auto_open(request, ctx):
    return {"auth": str(ctx["user"])}


@router.get("/fail", auth=None)
def fail(request, ctx):
    raise ApiError(409, "It is taken.", code="taken")


def _groups(user):
    return sorted(group.name for group in user.groups.all())


@router.get("/slow-members", auth=None)
def slow_members(request, ctx):
    return [{"name": user.username, "groups": _groups(user)} for user in User.objects.all()]


@router.get("/members", auth=None)
def members(request, ctx):
    users = User.objects.prefetch_related("groups")
    return [{"name": user.username, "groups": _groups(user)} for user in users]


@router.get("/count", auth=None)
def only_the_first(request, ctx):
    return {"first": User.objects.order_by("id").first().username}


@router.get("/amembers", auth=None)
async def amembers(request, ctx, slow: bool = False):
    users = User.objects.all() if slow else User.objects.prefetch_related("groups")
    return [
        {"name": user.username, "groups": [g.name async for g in user.groups.all()]}
        async for user in users
    ]


@router.get("/constant", auth=None)
def constant(request, ctx):
    return {"no": "query"}


@router.get("/emit", auth=None)
async def emit(request, ctx):
    await event_bus.aemit("shop.sold", item=7)
    return {}


auto.add_router("", router)
urlpatterns = [path("plain/", plain.urls), path("auto/", auto.urls)]


def grow(count):
    for _ in range(count):
        name = f"user {User.objects.count()}"
        User.objects.create(username=name).groups.add(Group.objects.create(name=name))
