"""``scope`` lists exactly what ``view`` allows."""

from contextlib import contextmanager

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import Q
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_policies import BasePolicy, assert_scope_agrees, decisions_of, policy_registry

from .models import Booking, Guest
from .policies import BookingPolicy
from .support import a_request, registered

pytestmark = pytest.mark.django_db(databases=list(django_settings.DATABASES))

ids = st.integers(1, 3)
teams = st.sampled_from(["red", "blue"])
users = st.none() | st.fixed_dictionaries(
    {"user_id": ids},
    optional={
        "team": st.none() | teams,
        "is_staff": st.booleans(),
        "banned": st.booleans(),
    },
)
rows = st.lists(
    st.tuples(
        st.none() | ids,
        st.none() | teams,
        st.booleans(),
        st.sampled_from(["open", "closed", "secret"]),
        st.lists(ids, max_size=3),
    ),
    max_size=6,
)


@pytest.fixture(params=["default", "postgresql"], scope="module")
def database(request):
    if request.param in django_settings.MISSING:
        pytest.skip(django_settings.MISSING[request.param])
    return request.param


@pytest.fixture(scope="module")
def booked(database):
    """Puts rows into the database, for one example."""

    @contextmanager
    def put(rows):
        with transaction.atomic(using=database):
            for owner, team, public, state, guests in rows:
                booking = Booking.objects.using(database).create(
                    owner=owner, team=team, public=public, state=state
                )
                for user_id in guests:
                    Guest.objects.using(database).create(booking=booking, user_id=user_id)
            yield Booking.objects.using(database)
            transaction.set_rollback(True, using=database)

    return put


class Agreement(BookingPolicy):
    resource_name = "agreement"


@given(user=users, rows=rows)
def test_scope_and_view_agree(booked, user, rows):
    request, ctx = a_request(user), {"user": user}
    with registered(Agreement()), booked(rows) as bookings:
        assert_scope_agrees(request, ctx, "agreement", bookings.all())
        listed = policy_registry.scope(request, ctx, "agreement", bookings.all())
        # And by a count of the queries' own, against Python alone.
        expected = {
            booking.pk
            for booking in bookings.all()
            if policy_registry.can(request, ctx, "agreement", "view", booking)
        }
        assert sorted(each.pk for each in listed) == sorted(expected)


@pytest.mark.parametrize("user", [None, {"user_id": 1}], ids=["nobody", "somebody"])
def test_the_helper_finds_a_contradiction(booked, user):
    class Leaks(BookingPolicy):
        resource_name = "leaks"

        def scope(self, request, ctx):
            return Q(public=True)

    class Forgets(Leaks):
        resource_name = "forgets"

        def scope(self, request, ctx):
            return Q(state="none")

    class Doubles(Leaks):
        resource_name = "doubles"

        def view(self, request, ctx, obj=None):
            return obj.guests.exists()

        def scope(self, request, ctx):
            return Q(guests__user_id__gt=0)

    request, ctx = a_request(user), {"user": user}
    a_secret = (None, None, True, "secret", [])
    in_public = (None, None, True, "open", [2, 3])
    with registered(Leaks, Forgets, Doubles), booked([a_secret, in_public]) as bookings:
        with pytest.raises(AssertionError, match=r"scope\(\) lists, but view\(\) denies"):
            assert_scope_agrees(request, ctx, "leaks", bookings.all())
        with pytest.raises(AssertionError, match=r"view\(\) allows, but scope\(\) leaves out"):
            assert_scope_agrees(request, ctx, "forgets", bookings.all())
        with pytest.raises(AssertionError, match="more than once"):
            assert_scope_agrees(request, ctx, "doubles", bookings.all())


def rows_of(answer, first=None, *, user=None, is_async=False):
    class Policy(BasePolicy):
        resource_name = "scoped"

        def before(self, request, ctx, action, obj=None):
            assert (action, obj) == ("view", None)
            return first

        def scope(self, request, ctx):
            if isinstance(answer, Exception):
                raise answer
            return answer

    request = a_request(user)
    with registered(Policy()):
        found = policy_registry.scope(request, {"user": user}, "scoped", Booking.objects.all())
        return found.count(), decisions_of(request)[0]


def test_what_a_scope_may_answer(denials, caplog):
    Booking.objects.create(public=True)
    Booking.objects.create()
    table = [
        (Q(public=True), 1, "rule"),
        (Q(pk=0), 0, "rule"),
        (~Q(public=True), 1, "rule"),
        (True, 2, "rule"),
        (False, 0, "rule"),
        (None, 0, "abstained"),
        (Q(), 0, "error"),  # it would match all rows
        (~Q(), 0, "error"),
        (Q(Q(), Q(Q())), 0, "error"),
        ("all", 0, "error"),
        (ValueError("secret"), 0, "error"),
    ]
    for answer, count, cause in table:
        denials.clear()
        found, decision = rows_of(answer)
        assert (found, decision.cause) == (count, cause), answer
        assert (decision.resource, decision.action) == ("scoped", "view")
        limited = isinstance(answer, Q) and cause == "rule"
        assert decision.allowed is (answer is True or limited)
        assert len(denials) == (0 if decision else 1)
    assert rows_of(Q(public=True), first=True)[0] == 2
    assert rows_of(True, first=False)[0] == 0
    assert rows_of(True, first=1)[0] == 0


def test_without_a_scope_there_is_nothing_to_see(denials, caplog):
    Booking.objects.create(public=True)

    class Policy(BasePolicy):
        resource_name = "scopeless"

        def view(self, request, ctx, obj=None):
            return True

    with registered(Policy()):
        for name in ("scopeless", "unheard-of"):
            found = policy_registry.scope(a_request(), None, name, Booking.objects.all())
            assert not found.exists()
    assert [each["decision"].cause for each in denials] == ["abstained", "unknown"]
    assert "Policy has no scope(), so nothing may be seen." in caplog.text


@pytest.mark.usefixtures("thread_connections")
async def test_an_async_scope():
    class Policy(BasePolicy):
        resource_name = "async-scoped"

        async def scope(self, request, ctx):
            return Q(pk=0)

    with registered(Policy()):
        found = await policy_registry.ascope(
            a_request(), None, "async-scoped", Booking.objects.all()
        )
        assert 'WHERE "tests_booking"."id" = 0' in str(found.query)


def test_a_sliced_queryset_is_refused():
    """As by Django: the rows were chosen already."""

    class Policy(BasePolicy):
        resource_name = "sliced"

        def scope(self, request, ctx):
            return Q(public=True)

    with registered(Policy()), pytest.raises(TypeError, match="slice"):
        policy_registry.scope(a_request(), {}, "sliced", Booking.objects.all()[:5])
