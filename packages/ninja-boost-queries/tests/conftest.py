from __future__ import annotations

import pytest
from django.conf import settings


@pytest.fixture(params=["default", "postgresql"])
def alias(request: pytest.FixtureRequest) -> str:
    """Each database that is there."""
    if reason := settings.MISSING_DATABASES.get(request.param):
        pytest.skip(reason)
    chosen: str = request.param
    return chosen
