"""Core is tested alone, whatever features the environment has."""

import pytest

from ninja_boost_core import features
from ninja_boost_core.conf import boost_settings


def rediscover() -> None:
    features.installed_features.cache_clear()
    boost_settings.discover_with(features.installed_features)
    boost_settings.reload()


@pytest.fixture(autouse=True, scope="session")
def core_alone():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "entry_points", lambda group: [])
        rediscover()
        yield
