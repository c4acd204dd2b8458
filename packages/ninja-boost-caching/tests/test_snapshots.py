"""ATOMIC_REQUESTS: a request whose transaction began before a change was committed."""

import threading

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.test import Client
from ninja import NinjaAPI

from ninja_boost_caching import cache_manager, cache_response
from ninja_boost_caching.snapshots import reads_a_snapshot

from .support import serving, status_of


def levels(alias):
    if alias == "mariadb":
        return "read committed", "repeatable read"
    from psycopg import IsolationLevel

    return IsolationLevel.READ_COMMITTED, IsolationLevel.REPEATABLE_READ


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request, databases):
    alias = request.param
    if alias in settings.MISSING:
        pytest.skip(settings.MISSING[alias])
    settings_dict = connections[alias].settings_dict
    kept = {**settings_dict["OPTIONS"]}
    settings_dict["ATOMIC_REQUESTS"] = True

    def isolate(level):
        connections[alias].close()
        settings_dict["OPTIONS"] = {**kept, "isolation_level": level}

    yield alias, isolate
    settings_dict["ATOMIC_REQUESTS"] = False
    settings_dict["OPTIONS"] = kept
    connections[alias].close()


def in_a_thread(function):
    def run():
        try:
            function()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)


def api_over(alias, interfere):
    rows = User.objects.using(alias)

    def authenticate(request):
        # Its query begins the transaction's snapshot.
        rows.filter(username="x").exists()
        if interfere:
            in_a_thread(interfere.pop())
        return True

    api = NinjaAPI(auth=authenticate)

    @api.get("/name")
    @cache_response(600, key="shared", tags=["name"])
    def view(request):
        return rows.get(username="x").first_name

    return api


@pytest.mark.parametrize("snapshot", [False, True], ids=["read committed", "repeatable read"])
def test_a_change_between_authentication_and_view(database, snapshot):
    alias, isolate = database
    isolate(levels(alias)[snapshot])
    rows = User.objects.using(alias)
    rows.filter(username="x").delete()
    rows.create(username="x", first_name="old")

    def change():
        with transaction.atomic(using=alias):
            rows.filter(username="x").update(first_name="new")
            cache_manager.invalidate_tags("name")

    with serving(api=api_over(alias, [change])):
        first = Client().get("/api/name")
        assert first.json() == ("old" if snapshot else "new")
        assert ("detail=snapshot" in first["Cache-Status"]) == snapshot
        assert Client().get("/api/name").json() == "new"
        assert status_of(Client().get("/api/name")) == ("fwd=miss" if snapshot else "hit")


def test_sqlite(databases, monkeypatch):
    connection = connections["default"]
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    assert not reads_a_snapshot()
    with transaction.atomic():
        assert not reads_a_snapshot()
        transaction.set_rollback(True)
        assert reads_a_snapshot()
        transaction.set_rollback(False)
    journal(connection, "wal")
    try:
        with transaction.atomic():
            assert reads_a_snapshot()
    finally:
        journal(connection, "delete")


def journal(connection, mode):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA journal_mode={mode}")
        cursor.fetchall()
