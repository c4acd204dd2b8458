"""How each system check that this package can cause is brought about and put right."""

from django.urls import path
from ninja import NinjaAPI, Router

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_queries import Queries, plan_queries

from .models import Label
from .test_hints import LabelOut, Resolved


def hinted(schema, model=None, **hints):
    """An operation whose hints are these."""

    def patterns():
        api, router = AutoAPI(), AutoRouter()

        @router.get("/labels", response=list[schema], queries=Queries(hints=hints, model=model))
        def labels(request): ...

        api.add_router("", router)
        return [path("api/", api.urls)]

    return {"ROOT_URLCONF": patterns}


def plain(response, **hints):
    """The same on a router of Ninja's."""

    def patterns():
        api, router = NinjaAPI(), Router()

        @router.get("/labels", response=response)
        @plan_queries(hints=hints)
        def labels(request): ...

        api.add_router("", router)
        return [path("api/", api.urls)]

    return {"ROOT_URLCONF": patterns}


CASES = [
    (
        "ninja_boost_core.E002",
        hinted(LabelOut, owner_name="ownr"),
        "Name 'owner', or take the hint away.",
        hinted(LabelOut, owner_name="owner"),
    ),
    (
        "ninja_boost_core.E002",
        hinted(Resolved, Label, buyer="ownr__company"),
        "Name 'owner', or take the hint away.",
        hinted(Resolved, Label),
    ),
    (
        "ninja_boost_core.E002",
        plain(list[LabelOut], owner_nam="owner"),
        "Name 'owner_name', or take the hint away.",
        plain(list[LabelOut], owner_name="owner"),
    ),
    (
        "ninja_boost_core.E002",
        plain(str, owner_name="owner"),
        "Declare response=list[...], or take the hints away.",
        plain(list[LabelOut], owner_name="owner"),
    ),
]
