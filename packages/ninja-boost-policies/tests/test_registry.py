"""Registration, in code and by the settings."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from ninja_boost_core import AutoAPI
from ninja_boost_core.checks import check_features, check_settings
from ninja_boost_policies import BasePolicy, PolicyRegistry, policy_registry

from .policies import BookingPolicy, OtherBookingPolicy, TicketPolicy
from .support import a_request, registered

BOOKING = "tests.policies.BookingPolicy"
TICKET = "tests.policies.TicketPolicy"


def names():
    """What is registered, but for the policy of the README."""
    return set(policy_registry) - {"account"}


def configured(*policies):
    return override_settings(NINJA_BOOST={"POLICIES": list(policies)})


def test_registration():
    registry = PolicyRegistry()
    policy = BookingPolicy()
    assert registry.register(policy) is policy
    assert registry.register(policy) is policy  # once more changes nothing
    assert registry.register(TicketPolicy) is TicketPolicy
    assert registry.get("booking") is policy
    assert list(registry) == ["booking", "ticket"]
    assert "booking" in registry
    assert "other" not in registry
    registry.unregister("booking")
    assert list(registry) == ["ticket"]
    with pytest.raises(KeyError):
        registry.unregister("booking")
    with pytest.raises(KeyError):
        registry.get("booking")


def test_it_decorates():
    registry = PolicyRegistry()

    @registry.register
    class Policy(BasePolicy):
        resource_name = "decorated"

    assert isinstance(registry.get("decorated"), Policy)


def test_two_policies_for_one_resource():
    registry = PolicyRegistry()
    registry.register(BookingPolicy())
    for second in (OtherBookingPolicy(), BookingPolicy()):
        with pytest.raises(ValueError, match="has a policy already") as caught:
            registry.register(second)
        text = str(caught.value)
        assert "tests.policies.BookingPolicy" in text
        assert "resource_name" in text
        assert "policy_registry.unregister('booking')" in text
    registry.unregister("booking")
    registry.register(OtherBookingPolicy())


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (object(), "a object is no policy"),
        (dict, "dict is no policy"),
        (lambda: None, "is no policy"),
        (type("NoName", (BasePolicy,), {}), "NoName needs a resource_name"),
        (type("Number", (BasePolicy,), {"resource_name": 3}), "needs a resource_name"),
        (
            type("Text", (BasePolicy,), {"resource_name": "x", "nonblocking": "view"}),
            r"nonblocking is a text; give True, or a set: \{'view'\}",
        ),
        (
            type("Unknown", (BasePolicy,), {"resource_name": "x", "nonblocking": {"veiw"}}),
            "nonblocking names 'veiw', which is no rule",
        ),
        (
            type("Before", (BasePolicy,), {"resource_name": "x", "before": lambda self, a: True}),
            r"Before.before\(\) has to take \(self, request, ctx, action, obj\)",
        ),
        (
            type("Scope", (BasePolicy,), {"resource_name": "x", "scope": lambda self: True}),
            r"Scope.scope\(\) has to take \(self, request, ctx\)",
        ),
    ],
)
def test_no_policies(wrong, text):
    with pytest.raises(TypeError, match=text):
        PolicyRegistry().register(wrong)


def test_inheritance():
    class Base(BasePolicy):
        def view(self, request, ctx, obj=None):
            return True

        @staticmethod
        def open(request, ctx, obj=None):
            return True

    class Child(Base):
        resource_name = "child"

        def update(self, request, ctx, obj=None):
            return True

    registry = PolicyRegistry()
    registry.register(Child)
    for action in ("view", "open", "update"):
        assert registry.can(a_request(), {}, "child", action), action


# POLICIES


def test_the_settings_load_and_follow():
    assert "booking" not in policy_registry
    with configured(BOOKING):
        assert isinstance(policy_registry.get("booking"), BookingPolicy)
        first = policy_registry.get("booking")
        assert policy_registry.get("booking") is first
        with configured(TICKET):
            assert names() == {"ticket"}
            assert policy_registry.can(a_request(), {}, "ticket", "view")
        assert names() == {"booking"}
    assert names() == set()
    assert not policy_registry.can(a_request(), {}, "ticket", "view")


def test_the_settings_take_objects():
    policy = TicketPolicy()
    with configured(policy, BookingPolicy):
        assert policy_registry.get("ticket") is policy
        assert isinstance(policy_registry.get("booking"), BookingPolicy)


def test_what_is_registered_in_code_stays():
    with registered(TicketPolicy()):
        with configured(BOOKING):
            assert names() == {"booking", "ticket"}
        assert names() == {"ticket"}


def test_settings_may_name_what_code_registers():
    """As a module does that registers its policy when it is imported."""
    mine = BookingPolicy()
    with registered(mine), configured(BOOKING):
        assert policy_registry.get("booking") is mine
    with configured(BOOKING):
        list(policy_registry)
        with registered(mine):
            assert policy_registry.get("booking") is mine


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("tests.no_such.Policy", ["POLICIES", "'tests.no_such.Policy'", "ModuleNotFoundError"]),
        ("tests.policies.NoSuch", ["POLICIES", "'tests.policies.NoSuch'", "NoSuch"]),
        ("tests.policies.no_policy", ["POLICIES", "'tests.policies.no_policy'", "BasePolicy"]),
        ("tests.policies.NamelessPolicy", ["POLICIES", "NamelessPolicy'", "resource_name"]),
        ("nodots", ["POLICIES"]),
    ],
)
def test_a_bad_path_stops_the_start(path, texts):
    with configured(BOOKING, path):
        for start in (AutoAPI, lambda: list(policy_registry)):
            with pytest.raises(ImproperlyConfigured) as caught:
                start()
            assert all(text in str(caught.value) for text in texts), str(caught.value)
        messages = [*check_settings(), *check_features()]
        assert [each.id for each in messages if each.is_serious()] == [
            messages[0].id,
        ]
        assert messages[0].id in ("ninja_boost_core.E001", "ninja_boost_policies.E001")
        assert all(text in messages[0].msg for text in texts), messages[0].msg


def test_conflicts_with_the_settings():
    other = "tests.policies.OtherBookingPolicy"
    wrong = pytest.raises(ImproperlyConfigured, match=f"POLICIES names '{other}'.*unregister")
    with configured(BOOKING, other), wrong:
        list(policy_registry)
    wrong = pytest.raises(ImproperlyConfigured, match="has a policy already")
    with registered(OtherBookingPolicy()), configured(BOOKING), wrong:
        list(policy_registry)
    with configured(BOOKING):
        list(policy_registry)
        with pytest.raises(ValueError, match="has a policy already"):
            policy_registry.register(OtherBookingPolicy())


def test_while_the_settings_are_wrong_nobody_gets_in():
    wrong = pytest.raises(ImproperlyConfigured)
    with registered(TicketPolicy()), configured("tests.no_such.Policy"), wrong:
        policy_registry.can(a_request(), {}, "ticket", "view")


def test_another_registry_knows_no_settings():
    with configured(BOOKING):
        assert list(PolicyRegistry()) == []
