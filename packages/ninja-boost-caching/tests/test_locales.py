"""The language and the time zone in the key, read sooner where nothing was activated."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from django.test import override_settings
from django.utils import timezone, translation

from ninja_boost_caching import locales
from ninja_boost_caching.locales import current_locale


def apart(function):
    """Call it where nothing was activated."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


@pytest.fixture(params=[True, False], ids=["sooner", "by asking"], autouse=True)
def _how(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(locales, "_TELLS", False)


def test_it_can_tell():
    assert locales._tells()


def test_nothing_active():
    with override_settings(LANGUAGE_CODE="fr", TIME_ZONE="Asia/Tokyo"):
        assert apart(current_locale) == ("fr", "Asia/Tokyo")
    with override_settings(LANGUAGE_CODE="it", TIME_ZONE="Europe/Rome"):
        assert apart(current_locale) == ("it", "Europe/Rome")
        with override_settings(USE_I18N=False):
            assert apart(current_locale) == (None, "Europe/Rome")
        with override_settings(USE_TZ=False):
            assert apart(current_locale) == ("it", None)


@override_settings(LANGUAGE_CODE="fr", TIME_ZONE="Asia/Tokyo")
def test_what_was_activated_counts():
    def seen():
        found = [current_locale()]
        with translation.override("de"):
            found.append(current_locale())
            with timezone.override("Europe/Rome"):
                found.append(current_locale())
        found.append(current_locale())
        with timezone.override("Europe/Rome"):
            found.append(current_locale())
        with translation.override(None):
            found.append(current_locale())
        return found

    assert apart(seen) == [
        ("fr", "Asia/Tokyo"),
        ("de", "Asia/Tokyo"),
        ("de", "Europe/Rome"),
        ("fr", "Asia/Tokyo"),
        ("fr", "Europe/Rome"),
        (None, "Asia/Tokyo"),
    ]


@override_settings(LANGUAGE_CODE="fr", TIME_ZONE="Asia/Tokyo")
async def test_each_task_has_its_own():
    async def ask(language):
        if language:
            translation.activate(language)
        await asyncio.sleep(0)
        return current_locale()[0]

    assert await asyncio.gather(ask("de"), ask(None), ask("it")) == ["de", "fr", "it"]


@override_settings(LANGUAGE_CODE="fr")
def test_a_context_that_is_handed_on_keeps_its_language():
    translation.activate("de")
    try:
        assert copy_context().run(current_locale)[0] == "de"
    finally:
        translation.deactivate()
