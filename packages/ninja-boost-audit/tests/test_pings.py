"""What ``boost_doctor`` asks the audit trail."""

from __future__ import annotations

import logging

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections

from ninja_boost_audit import AuditBackend, AuditError, audit_log, emit
from ninja_boost_audit._feature import feature
from ninja_boost_audit.models import AuditStream
from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_core.doctor import ask

from .support import DATABASE, Bearer, audit_settings, serving, to_database

pytestmark = pytest.mark.django_db(transaction=True)
LOGGING = "ninja_boost_audit.LoggingBackend"


@pytest.fixture(autouse=True)
def _alone():
    with serving():
        yield


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """Alias of a database without tables."""
    options = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "bare.sqlite3")}
    made = connections.configure_settings({"bare": options, "default": {}})["bare"]
    monkeypatch.setattr(connections, "settings", {**connections.settings, "bare": made})
    yield "bare"
    connections["bare"].close()


def answers():
    return ask(list(feature.pings()), 10)


def test_only_what_is_used(settings):
    settings.NINJA_BOOST = {}
    assert list(feature.pings()) == []
    api, router = AutoAPI(urls_namespace="pings", auth=Bearer()), AutoRouter()
    router.get("/audited")(audit_log("look")(lambda request: None))
    api.add_router("", router)
    with serving(api=api):
        assert [ping.name for ping in feature.pings()] == ["audit: LoggingBackend"]
    settings.NINJA_BOOST = {"AUDIT": {"BACKEND": LOGGING}}
    assert [ping.name for ping in feature.pings()] == ["audit: LoggingBackend"]


def test_each_database(alias):
    with to_database(alias):
        (found,) = answers()
        assert found.ok, found.detail
        assert found.name == "audit: DatabaseBackend"
        assert found.detail == f"database {alias}, 0 records, key 'k1' signs"
        emit("look", actor="alice")
        (found,) = answers()
    assert found.detail == f"database {alias}, 1 records, key 'k1' signs"


def test_missing_tables(bare):
    with to_database(bare):
        (found,) = answers()
        assert not found.ok
        assert found.detail == (
            "Migrations of ninja_boost_audit are not applied to 'bare': 0001_initial, "
            "0002_append_only."
        )
        assert found.hint == "Run: manage.py migrate ninja_boost_audit --database bare"
        call_command("migrate", "ninja_boost_audit", database=bare, verbosity=0)
        assert answers()[0].ok
        with connections[bare].cursor() as cursor:
            cursor.execute("DROP TABLE ninja_boost_audit_auditstream")
        (found,) = answers()
    assert found.detail.startswith("AuditError: The database 'bare' failed: OperationalError")


def test_a_key_that_is_gone():
    with to_database():
        emit("look", actor="alice")
    with to_database(KEYS={"k2": "for-tests-only-and-of-no-value-key-2"}):
        (found,) = answers()
    assert not found.ok
    assert "a seal that no key of KEYS has made: main-10of16, main-11of16" in found.detail
    assert "audit_verify" in found.hint


def test_a_chain_that_is_gone():
    with to_database():
        emit("look", actor="alice")
        AuditStream.objects.filter(name="main-3of16").delete()
        (found,) = answers()
    assert found.detail == "1 of 16 chains are gone."


def test_no_key(monkeypatch):
    monkeypatch.delenv("NINJA_BOOST_AUDIT_KEYS", raising=False)
    refused = pytest.raises(ImproperlyConfigured, match="no key to sign with")
    with audit_settings(BACKEND=DATABASE, KEYS={}), refused:
        answers()


class Unreachable(AuditBackend):
    def write(self, record):
        raise NotImplementedError

    def check(self):
        raise AuditError("syslog://app:hunter2@logs.example does not answer")


@pytest.mark.parametrize(("closed", "text"), [(True, "get a 503"), (False, "leave no trace")])
def test_several_backends(closed, text):
    logger = logging.getLogger("ninja_boost.audit")
    backends = [LOGGING, f"{__name__}.Unreachable"]
    handler = logging.NullHandler()
    with audit_settings(BACKEND=backends, FAIL_CLOSED=closed):
        log, other = answers()
        assert not log.ok
        assert log.detail == "The logger 'ninja_boost.audit' drops what is audited."
        assert "LOGGING" in log.hint
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            log, other = answers()
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
    assert log.ok
    assert not other.ok
    assert other.name == "audit: Unreachable"
    assert other.detail == "AuditError: syslog://***@logs.example does not answer"
    assert text in other.hint
