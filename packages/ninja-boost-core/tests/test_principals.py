"""Who a principal is, for whoever shows it and for whoever keeps callers apart."""

from types import SimpleNamespace
from uuid import UUID

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import SimpleLazyObject

from ninja_boost_core.durations import no_or_seconds, seconds
from ninja_boost_core.principals import identity_of, parts_of, principal_id

ID = UUID(int=7)
NOBODY = [None, True, False, "", {}, {"user_id": None}, {"sub": ""}, {"id": True}, AnonymousUser()]


@pytest.mark.parametrize("principal", NOBODY)
def test_nobody(principal):
    assert principal_id(principal) is None
    assert identity_of(principal) is None


@pytest.mark.parametrize(
    ("principal", "shown"),
    [
        ("key", "key"),
        (7, 7),
        (0, 0),
        (ID, ID),
        ({"id": "token", "user_id": 42}, 42),
        ({"sub": "ada"}, "ada"),
        ({"id": 3}, 3),
        (User(pk=5), 5),
        (SimpleLazyObject(lambda: User(pk=5)), 5),
        (SimpleNamespace(id=3, user_id=9), 3),
    ],
)
def test_one_id_is_shown(principal, shown):
    assert principal_id(principal) == shown
    assert identity_of(principal) is not None


def test_callers_who_differ_in_any_name_stay_apart():
    callers = [
        {"id": 1, "user_id": 1},
        {"id": 1, "user_id": 2},
        {"id": 1},
        {"id": "1"},
        {"sub": "1"},
        {"sub": "1", "iss": "a"},
        {"sub": "1", "iss": "b"},
        "1",
        1,
        User(pk=1),
        SimpleNamespace(pk=1),
    ]
    assert len({identity_of(caller) for caller in callers}) == len(callers)


def test_parts():
    assert parts_of("a", "x") != parts_of(("a", "b"), "x")
    assert parts_of(1, "x") != parts_of("1", "x")
    for wrong in (None, True, "", [], ("a", None)):
        with pytest.raises(ImproperlyConfigured, match=r"here\(\): it is a"):
            parts_of(wrong, "here(): it is")


def test_durations():
    assert [seconds(each) for each in (1, "90s", "1.5h", "2d")] == [1, 90, 5400, 172800]
    assert no_or_seconds(0) == 0
    for wrong in (0, -1, True, "", "5", "5y", float("inf"), float("nan")):
        with pytest.raises(ValueError, match="is no duration"):
            seconds(wrong)
