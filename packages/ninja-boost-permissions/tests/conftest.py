"""Fixtures: each way of asking, and a fresh start."""

import pytest

from tests.support import Async, Sync, principals


@pytest.fixture(params=[Sync(), Async()], ids=["sync", "async"])
def how(request):
    return request.param


@pytest.fixture(autouse=True)
def _fresh():
    principals.clear()
