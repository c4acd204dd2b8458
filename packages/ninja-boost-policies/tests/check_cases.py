"""How each system check of this package is brought about and put right."""

from django.urls import path

from ninja_boost_core import AutoAPI, AutoRouter, Hook, Order, attach
from ninja_boost_policies import BasePolicy, policy

from .support import Token


class SeatPolicy(BasePolicy):
    resource_name = "seat"

    def view(self, request, ctx, obj=None):
        return True


class OtherSeatPolicy(SeatPolicy): ...


class NoPolicy: ...


class Cache(Hook):
    order = Order.CACHE

    def before_view(self, call): ...


SEAT = "tests.check_cases.SeatPolicy"
OTHER_SEAT = "tests.check_cases.OtherSeatPolicy"
NO_POLICY = "tests.check_cases.NoPolicy"


def policies(*paths):
    return {"NINJA_BOOST": {"AUTH": None, "POLICIES": list(paths)}}


def asking(decorator, *decorators):
    """One operation that asks a policy."""

    def patterns():
        api, router = AutoAPI(auth=Token()), AutoRouter()

        def seat(request): ...

        for each in (decorator, *decorators):
            seat = each(seat)
        router.get("/seat")(seat)
        api.add_router("", router)
        return [path("api/", api.urls)]

    return {"ROOT_URLCONF": patterns}


CASES = [
    (
        "ninja_boost_policies.E001",
        policies(SEAT, NO_POLICY),
        "or remove it from POLICIES.",
        policies(SEAT),
    ),
    (
        "ninja_boost_policies.E001",
        policies(SEAT, OTHER_SEAT),
        "give one of them another resource_name",
        {"code": [(OtherSeatPolicy, "resource_name", "window_seat")]},
    ),
    (
        "ninja_boost_policies.E002",
        {**policies(SEAT), **asking(policy("seet", "view"))},
        "Did you mean 'seat'?",
        asking(policy("seat", "view")),
    ),
    (
        "ninja_boost_policies.E002",
        {**policies(), **asking(policy("seat", "view"))},
        "or NINJA_BOOST['POLICIES'].",
        policies(SEAT),
    ),
    (
        "ninja_boost_policies.E003",
        {**policies(SEAT), **asking(policy("seat", "veiw"))},
        "Did you mean 'view'?",
        asking(policy("seat", "view")),
    ),
    (
        "ninja_boost_policies.E003",
        {**policies(SEAT), **asking(policy("seat", "upgrade"))},
        "Write the rule: def upgrade(self, request, ctx, obj=None)",
        {"code": [(SeatPolicy, "upgrade", lambda self, request, ctx, obj=None: True)]},
    ),
    (
        "ninja_boost_policies.W001",
        {**policies(SEAT), **asking(policy("seat", "view", in_view=True), attach(Cache()))},
        "Leave it to the decorator: @policy(..., get_obj=...).",
        asking(policy("seat", "view", get_obj=lambda: None), attach(Cache())),
    ),
]
