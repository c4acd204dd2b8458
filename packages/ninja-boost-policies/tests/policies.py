"""Policies that settings name by their path."""

from django.db.models import Exists, OuterRef, Q

from ninja_boost_policies import BasePolicy, deny
from tests.models import Guest


def caller(ctx):
    user = ctx.get("user")
    return user if isinstance(user, dict) else {}


class BookingPolicy(BasePolicy):
    """Staff may do all but delete; others see what is theirs, their team's, public or shared."""

    resource_name = "booking"

    def before(self, request, ctx, action, obj=None):
        user = caller(ctx)
        if user.get("banned"):
            return False
        if user.get("is_staff") and action != "delete":
            return True
        return None

    def view(self, request, ctx, obj=None):
        user = caller(ctx)
        if obj is None:
            return None
        if obj.state == "secret":
            return obj.owner is not None and obj.owner == user.get("user_id")
        if obj.public:
            return True
        if not user:
            return None
        if obj.owner is not None and obj.owner == user["user_id"]:
            return True
        if obj.team is not None and obj.team == user.get("team"):
            return True
        return obj.guests.filter(user_id=user["user_id"]).exists() or None

    def scope(self, request, ctx):
        user = caller(ctx)
        found = Q(public=True)
        if user:
            mine = Q(owner=user["user_id"])
            shared = Guest.objects.filter(booking=OuterRef("pk"), user_id=user["user_id"])
            found |= mine | Exists(shared)
            if user.get("team") is not None:
                found |= Q(team=user["team"])
            return (found & ~Q(state="secret")) | mine
        return found & ~Q(state="secret")

    def update(self, request, ctx, obj=None):
        if obj is None or obj.owner != caller(ctx).get("user_id"):
            return False
        if obj.state == "closed":
            return deny("A closed booking cannot be changed.", code="booking_closed")
        return True

    def create(self, request, ctx, obj=None):
        return ctx.get("user") is not None

    def delete(self, request, ctx, obj=None):
        return caller(ctx).get("is_staff", False)


class OtherBookingPolicy(BasePolicy):
    resource_name = "booking"


class TicketPolicy(BasePolicy):
    resource_name = "ticket"

    def view(self, request, ctx, obj=None):
        return True


class NamelessPolicy(BasePolicy):
    pass


def no_policy():
    return None
