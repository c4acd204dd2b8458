"""One test for each store."""

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import caches
from django.db import connections

from .support import skip_if_missing
from .urls import NAMES, STORES


@pytest.fixture(params=NAMES)
def store_name(request):
    skip_if_missing(request.param)
    return request.param


@pytest.fixture
def store(store_name):
    return STORES[store_name][0]


@pytest.fixture
def database(store_name):
    """Alias of the database that bookings of this store go to."""
    return STORES[store_name][1]


@pytest.fixture
def _committed(django_db_setup, django_db_blocker):
    """Databases without a transaction around the test, and without a costly flush after it.

    Keys and guests are new in each test.
    """
    with django_db_blocker.unblock():
        yield
        connections.close_all()


@pytest.fixture(autouse=True)
def _django_db_marker(request):
    if marker := request.node.get_closest_marker("django_db"):
        wanted = "_committed" if marker.kwargs.get("transaction") else "_django_db_helper"
        request.getfixturevalue(wanted)


@pytest.fixture(autouse=True)
async def _close_connections():
    """Async code has Django's thread for sync code use connections of its own."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture(autouse=True)
def _fresh_caches():
    yield
    caches["default"].clear()


def pytest_collection_modifyitems(items):
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and not marker.kwargs.get("databases"):
            marker.kwargs["databases"] = list(connections)
