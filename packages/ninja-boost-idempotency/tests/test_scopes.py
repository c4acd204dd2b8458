"""Whose key it is."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_core import Call
from ninja_boost_idempotency.scopes import name_of, scope_of


def scope(auth=None, ctx=None, scope="principal", allow_anonymous=False):
    request = RequestFactory().post("/")
    request.auth = auth
    call = Call(request, None, {})
    call.ctx = ctx or {}
    return scope_of(call, scope, allow_anonymous)


PRINCIPALS = [
    User(pk=1),
    User(pk=2),
    Group(pk=1),
    {"user_id": 1},
    {"user_id": "2"},
    {"sub": 1},
    {"id": uuid4()},
    SimpleNamespace(id=1),
    "a-token",
    "1",
    1,
    uuid4(),
]


def test_no_two_principals_are_one():
    scopes = {tuple(scope(principal)) for principal in PRINCIPALS}
    assert len(scopes) == len(PRINCIPALS)


def test_a_principal_is_the_same_each_time():
    assert scope(User(pk=1)) == scope(SimpleLazyObject(lambda: User(pk=1)))
    assert scope({"user_id": 1, "iat": 1}) == scope({"user_id": 1, "iat": 2})


@pytest.mark.parametrize(
    "auth",
    [
        None,
        True,
        "",
        {},
        object(),
        {"name": "Alice"},
        {"user_id": None},
        {"user_id": True},
        {"user_id": ""},
        {"user_id": ["1"]},
        User(),
        AnonymousUser(),
    ],
)
def test_who_cannot_be_told_from_others_is_refused(auth):
    with pytest.raises(ImproperlyConfigured, match="scope="):
        scope(auth)
    assert scope(auth, allow_anonymous=True) == ["anonymous"]


def test_an_anonymous_caller_has_no_one_elses_keys():
    assert scope({"user_id": 1}, allow_anonymous=True) == scope({"user_id": 1})


def test_a_tenant_has_its_own():
    alice = {"user_id": 1}
    assert scope(alice, {"tenant_id": 1}) != scope(alice, {"tenant_id": 2})
    assert scope(alice, {"tenant_id": 1}) != scope(alice)
    assert scope(alice, {"tenant_id": 1}, "tenant") == scope("bob", {"tenant_id": 1}, "tenant")


def test_a_tenant_scope_needs_a_tenant():
    for ctx in ({}, {"tenant_id": None}):
        with pytest.raises(ImproperlyConfigured, match="tenant_id"):
            scope({"user_id": 1}, ctx, "tenant")


def test_a_callable_decides():
    def by_device(request, ctx):
        return (request.auth, ctx["device"])

    assert scope("a", {"device": 1}, by_device) == scope("a", {"device": 1}, by_device)
    assert scope("a", {"device": 1}, by_device) != scope("a", {"device": "1"}, by_device)


@pytest.mark.parametrize("value", [None, "", True, 1.5, [1], ("a", None)])
def test_a_callable_that_says_nothing_is_refused(value):
    with pytest.raises(ImproperlyConfigured, match="scope= returned"):
        scope("a", {}, lambda request, ctx: value, allow_anonymous=True)


@given(st.lists(st.lists(st.text(max_size=3), max_size=3), min_size=4, max_size=4), st.text())
def test_names_are_different_where_anything_is(parts, key):
    one, two, three, four = parts
    assert (name_of(one, two, key) == name_of(three, four, key)) == ((one, two) == (three, four))
    assert name_of(one, two, key) != name_of(one, two, f"{key}x")
