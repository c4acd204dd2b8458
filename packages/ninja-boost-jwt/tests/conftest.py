"""Every test has a key."""

import pytest
from asgiref.sync import SyncToAsync
from django.conf import settings as django_settings
from django.core.cache import caches
from django.db import connections

from .hostile import SECRET

DATABASES = {"sqlite": "default", "postgresql": "postgresql", "mariadb": "mariadb"}


@pytest.fixture(autouse=True)
def _key(settings):
    settings.JWT_SECRET_KEY = SECRET
    settings.NINJA_BOOST = {"AUTH": "ninja_boost_jwt.JWTAuth"}


@pytest.fixture(params=DATABASES)
def database(request):
    """Alias of a database; one test for each."""
    if request.param in django_settings.MISSING:
        pytest.skip(django_settings.MISSING[request.param])
    return DATABASES[request.param]


@pytest.fixture
def configure(settings):
    """Sets keys of NINJA_BOOST["JWT"]."""

    def set_options(**options):
        settings.NINJA_BOOST = {"AUTH": "ninja_boost_jwt.JWTAuth", "JWT": options}

    return set_options


@pytest.fixture
def _committed(django_db_setup, django_db_blocker):
    """Databases without a transaction around the test: users and tokens are new in each."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()
        # Async code has its sync code done in this thread, with connections of its own.
        SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(autouse=True)
def _django_db_marker(request):
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("_committed")


@pytest.fixture(autouse=True)
def _fresh_caches():
    yield
    caches["default"].clear()


def pytest_collection_modifyitems(items):
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and not marker.kwargs.get("databases"):
            marker.kwargs["databases"] = list(connections)
