"""Connections that do not outlive their test, and a bus that nobody listens to."""

import weakref

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from ninja_boost_core import event_bus
from tests.policies import BookingPolicy
from tests.support import registered


@pytest.fixture
def booking_policy():
    policy = BookingPolicy()
    with registered(policy):
        yield policy


@pytest.fixture
def denials():
    """The arguments of each ON_POLICY_DENIED."""
    found = []

    def listen(**arguments):
        found.append(arguments)

    event_bus.on("on_policy_denied", listen)
    yield found
    event_bus.off("on_policy_denied", listen)


@pytest.fixture
async def thread_connections():
    """Async code has Django's thread for sync code use connections of its own."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture(autouse=True)
def _no_views_of_other_tests(monkeypatch):
    """Some interpreter keeps the frame of a test that has ended, and with it its views."""
    monkeypatch.setattr("ninja_boost_policies.hooks._in_use", weakref.WeakSet())
