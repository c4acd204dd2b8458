"""Records without a decorator."""

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.test import RequestFactory

from ninja_boost_audit import AuditError, aemit, emit

from .support import audit_settings, details, found, last, to_database

pytestmark = pytest.mark.django_db(transaction=True)


def test_everything_that_it_can_say(alias):
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.1")
    request.auth, request.trace_id = {"user_id": 42}, "abc"
    with to_database(alias):
        emit(
            "invoice.pay",
            resource="invoice",
            resource_id=7,
            outcome="denied",
            request=request,
            before={"paid": False},
            after={"paid": True},
            details={"why": "limit", "token": "x"},
        )
        record = last(alias)
        assert found(alias) == []
    assert (record.action, record.resource, record.resource_id) == ("invoice.pay", "invoice", "7")
    assert (record.actor_id, record.outcome, record.status) == ("42", "denied", None)
    assert (record.ip, record.trace_id) == ("203.0.113.1", "abc")
    assert details(record) == {
        "why": "limit",
        "token": "[redacted]",
        "changes": {"paid": [False, True]},
    }


async def test_from_async_code():
    with to_database():
        await aemit("job.run", actor="worker-1")
        record = await sync_to_async(last)()
    assert (record.action, record.actor_id) == ("job.run", "worker-1")


async def test_sync_code_on_the_loop_is_refused_by_django():
    with to_database(), pytest.raises((AuditError, SynchronousOnlyOperation)):
        emit("job.run")


@pytest.mark.parametrize("actor", [5, "5", {"id": 5}])
def test_actors(actor):
    with to_database():
        emit("x", actor=actor)
    assert last().actor_id == "5"


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="outcome"):
        emit("x", outcome="maybe")
    with pytest.raises(ValueError, match="action"):
        emit("")


def test_closed_raises_and_open_does_not(monkeypatch, caplog):
    from ninja_boost_audit import DatabaseBackend

    def fail(*arguments):
        raise AuditError("full")

    monkeypatch.setattr(DatabaseBackend, "write", fail)
    with to_database():
        with pytest.raises(AuditError, match="full"):
            emit("x")
        emit("x", fail_closed=False)
    with to_database(FAIL_CLOSED=False):
        emit("x")
        with pytest.raises(AuditError):
            emit("x", fail_closed=True)
    assert caplog.text.count("was not written") == 4


def test_the_log_has_the_record(caplog):
    caplog.set_level("INFO", "ninja_boost.audit")
    with audit_settings():
        emit("order.update", resource="order", resource_id=7, actor=42)
    (logged,) = caplog.records
    assert logged.levelname == "INFO"
    assert (logged.module, logged.funcName) == ("log", "write")
    assert logged.audit["actor_id"] == 42
    assert '"action":"order.update"' in logged.getMessage()
    assert '"actor_id":42' in logged.getMessage()
    assert '"resource_id":"7"' in logged.getMessage()


def test_a_log_that_takes_no_records(caplog):
    caplog.set_level("WARNING", "ninja_boost.audit")
    with audit_settings():
        emit("order.update")
    assert caplog.records == []


class TestSeveralBackends:
    LOG = "ninja_boost_audit.LoggingBackend"
    DATABASE = "ninja_boost_audit.DatabaseBackend"

    def test_each_gets_the_record(self, caplog):
        caplog.set_level("INFO", "ninja_boost.audit")
        with audit_settings(BACKEND=[self.DATABASE, self.LOG]):
            emit("x")
        assert last().action == "x"
        assert '"action":"x"' in caplog.text

    async def test_async(self, caplog):
        caplog.set_level("INFO", "ninja_boost.audit")
        with audit_settings(BACKEND=[self.DATABASE, self.LOG]):
            await aemit("x")
        assert (await sync_to_async(last)()).action == "x"
        assert '"action":"x"' in caplog.text

    def test_one_that_fails_takes_nothing_from_the_others(self, caplog, monkeypatch):
        from ninja_boost_audit import DatabaseBackend

        def fail(*arguments):
            raise AuditError("full")

        caplog.set_level("INFO", "ninja_boost.audit")
        monkeypatch.setattr(DatabaseBackend, "write", fail)
        with audit_settings(BACKEND=[self.DATABASE, self.LOG]), pytest.raises(AuditError):
            emit("x")
        assert '"action":"x"' in caplog.text
