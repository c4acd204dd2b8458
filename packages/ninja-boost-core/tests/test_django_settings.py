"""What is made of Django's settings is kept, and follows them."""

import gc

from django.conf import settings
from django.test import override_settings

from ninja_boost_core.django_settings import made_of


def test_it_is_made_once_for_each_state_of_its_settings():
    made = []

    @made_of("TIME_ZONE", "USE_TZ")
    def zone():
        made.append(settings.TIME_ZONE)
        return settings.TIME_ZONE if settings.USE_TZ else None

    gc.collect()
    with override_settings(TIME_ZONE="Asia/Tokyo", USE_TZ=True):
        assert (zone(), zone()) == ("Asia/Tokyo", "Asia/Tokyo")
        with override_settings(USE_TZ=False):
            assert zone() is None
        assert zone() == "Asia/Tokyo"
        assert len(made) == 3
        with override_settings(LANGUAGE_CODE="ja"):
            zone()
        assert len(made) == 3
    assert zone() == settings.TIME_ZONE
