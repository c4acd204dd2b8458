"""One test for each database, and a trail that begins anew in each."""

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from .support import ALIASES, clear, skip_if_missing


# MariaDB differs from PostgreSQL in little; once in the package's own session is enough.
@pytest.fixture(params=["sqlite", "postgresql", pytest.param("mariadb", marks=pytest.mark.slow)])
def alias(request):
    skip_if_missing(request.param)
    return ALIASES[request.param]


@pytest.fixture
def _committed(request, django_db_setup, django_db_blocker):
    """Databases without a transaction around the test, and without a costly flush after it."""
    used = {"default"}
    if "alias" in request.fixturenames:
        used.add(request.getfixturevalue("alias"))
    with django_db_blocker.unblock():
        yield
        for alias in used:
            clear(alias)


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


def pytest_collection_modifyitems(items):
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and not marker.kwargs.get("databases"):
            marker.kwargs["databases"] = list(connections)
