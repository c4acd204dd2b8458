"""Every test has a key."""

import pytest

from .hostile import SECRET


@pytest.fixture(autouse=True)
def _key(settings):
    settings.JWT_SECRET_KEY = SECRET
    settings.NINJA_BOOST = {"AUTH": "ninja_boost_jwt.JWTAuth"}
