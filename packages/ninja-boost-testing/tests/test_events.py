"""Captured events."""

import pytest

from ninja_boost_core import event_bus
from ninja_boost_testing import capture_events as capturing

pytestmark = pytest.mark.urls("tests.api")


def test_what_a_request_emits(boost_client, capture_events):
    events = capture_events("before_request", "after_response", "on_auth_failure")
    boost_client.get("/auto/whoami")
    assert events.names == ["before_request", "on_auth_failure", "after_response"]
    assert events.one("after_response")["response"].status_code == 401
    assert events[0].name == "before_request"
    assert [each.name for each in events[1:]] == ["on_auth_failure", "after_response"]
    events.clear()
    assert len(events) == 0


@pytest.mark.parametrize("fixture", ["boost_client", "async_boost_client"])
async def test_async_emissions(request, async_boost_client, capture_events, fixture):
    events = capture_events("shop.sold")
    await async_boost_client.get("/auto/emit")
    assert events.one("shop.sold")["item"] == 7


def test_as_a_context_manager():
    with capturing("shop.sold") as events:
        event_bus.emit("shop.sold", item=1)
    event_bus.emit("shop.sold", item=2)
    assert [each["item"] for each in events] == [1]
    assert not event_bus.has_handlers("shop.sold")


def test_how_it_fails(capture_events):
    with pytest.raises(ValueError, match="Name the events"):
        capture_events()
    events = capture_events("a", "b")
    with pytest.raises(AssertionError, match="a was emitted 0 times; captured: nothing"):
        events.one("a")
    event_bus.emit("b", x=1)
    event_bus.emit("b", x=2)
    with pytest.raises(AssertionError, match=r"b was emitted 2 times; captured: b \(2\)"):
        events.one("b")
    with pytest.raises(ValueError, match="'c' is not captured; captured: a, b"):
        events.of("c")
    with pytest.raises(KeyError, match="b has no argument 'y'; it has: x"):
        events[0]["y"]
