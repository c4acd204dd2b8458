"""A cache in the database, inside the transaction that ATOMIC_REQUESTS opens."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings

from ninja_boost_core import ApiError, AutoAPI, AutoRouter
from ninja_boost_webhooks import sign_stripe, stripe_webhook

from .support import post, serving, view_of

CACHE = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "deliveries"}
EVENT = b'{"id": "evt_1"}'


@pytest.fixture
def atomic_requests(transactional_db):
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    with override_settings(CACHES={"default": CACHE}):
        call_command("createcachetable")
        yield
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE deliveries")
    connection.settings_dict["ATOMIC_REQUESTS"] = False


@pytest.mark.usefixtures("atomic_requests")
def test_a_failed_delivery_is_rolled_back_and_may_come_again(caplog):
    entered: list[bytes] = []
    outcomes = [ApiError(503, "Down."), None]

    def result():
        if error := outcomes.pop(0):
            raise error

    router = AutoRouter()
    router.post("/hook", auth=None)(stripe_webhook("s")(view_of(False, entered, result)))
    api = AutoAPI(urls_namespace="atomic")
    api.add_router("", router)
    headers = sign_stripe(EVENT, "s")
    with serving(api=api):
        assert [post(Client(), headers, EVENT).status_code for _ in "abc"] == [503, 200, 409]
    assert len(entered) == 2
    assert "failed" not in caplog.text
