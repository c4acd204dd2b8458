"""Caches, databases, and a clean start for each test."""

import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command
from django.db import connections

from ninja_boost_caching import statistics
from ninja_boost_caching.backends import current_backend

from .support import ALIASES, Bearer, clear, skip_if_missing, with_cache


@pytest.fixture(params=ALIASES)
def alias(request, databases):
    """Each cache that is there, as the one in use."""
    skip_if_missing(request.param)
    with with_cache(ALIAS=request.param):
        yield request.param


@pytest.fixture(scope="session")
def _tables(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        for each in connections:
            call_command("createcachetable", f"cache_{each}", database=each, verbosity=0)
        connections.close_all()


@pytest.fixture
def databases(_tables, django_db_blocker):
    """Databases without a transaction around the test; keys are new in each test."""
    with django_db_blocker.unblock():
        connections.close_all()
        for each in ("sqlite", "postgresql", "mariadb"):
            if each == "sqlite" or each in connections:
                clear(each)
        yield
        connections.close_all()


@pytest.fixture(autouse=True)
def _django_db_marker(request):
    """Replace pytest-django's: the marker is there for the databases to be made."""
    marker = request.node.get_closest_marker("django_db")
    if marker and "databases" not in request.fixturenames:
        request.getfixturevalue("_django_db_helper")


def pytest_collection_modifyitems(items):
    for item in items:
        if "databases" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db(databases=list(connections)))


@pytest.fixture(autouse=True)
async def _close_connections(request):
    """Async code has Django's thread for sync code use connections of its own."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture(autouse=True)
def _fresh():
    Bearer.revoked = set()
    current_backend()._resting_until = 0
    yield
    for each in ("default", "redis"):
        clear(each)


@pytest.fixture
def counted():
    """What has been counted since the test began."""
    before = dict(statistics())

    def difference():
        return {name: n - before[name] for name, n in statistics().items() if n != before[name]}

    return difference
