"""What PostgreSQL refuses, whoever asks."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections, transaction

from ninja_boost_audit import DatabaseBackend, Record, append_only
from ninja_boost_audit.keys import key_ring
from ninja_boost_audit.models import AuditRecord, AuditSegment, AuditStream
from ninja_boost_audit.retention import purge, seal

from .support import clear, found, records, skip_if_missing

pytestmark = pytest.mark.django_db(transaction=True)

PG = "postgresql"
ROLE = "ninja_boost_audit_test_role"
TABLES = [model._meta.db_table for model in (AuditRecord, AuditStream, AuditSegment)]


@pytest.fixture
def trail(django_db_setup, django_db_blocker):
    """A protected trail with a purged and a sealed segment, and the records 3 to 5."""
    skip_if_missing(PG)
    from datetime import timedelta

    with django_db_blocker.unblock():
        connection = connections[PG]
        append_only.install(connection)
        backend = DatabaseBackend(PG, streams=1)
        for number in range(2):
            backend.write(Record(action="old", resource_id=str(number)))
        border = records(PG)[-1].timestamp + timedelta(microseconds=1)
        list(seal(key_ring(), border, PG))
        list(purge(key_ring(), border, PG))
        for number in range(3):
            backend.write(Record(action="new", resource_id=str(number)))
        yield connection
        append_only.remove(connection)
        clear(PG)


def run(sql):
    with transaction.atomic(using=PG), connections[PG].cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ninja_boost_audit_auditrecord SET actor_id = 'x'",
        "UPDATE ninja_boost_audit_auditrecord SET actor_id = actor_id WHERE sequence = 3",
        "DELETE FROM ninja_boost_audit_auditrecord WHERE sequence = 5",
        "TRUNCATE ninja_boost_audit_auditrecord",
        "DELETE FROM ninja_boost_audit_auditstream",
        "TRUNCATE ninja_boost_audit_auditstream",
        "UPDATE ninja_boost_audit_auditstream SET sequence = 3",
        "UPDATE ninja_boost_audit_auditstream SET mac = ''",
        "UPDATE ninja_boost_audit_auditstream SET name = 'x', sequence = sequence + 1",
        "DELETE FROM ninja_boost_audit_auditsegment",
        "TRUNCATE ninja_boost_audit_auditsegment",
        "UPDATE ninja_boost_audit_auditsegment SET purged_at = NULL",
        "UPDATE ninja_boost_audit_auditsegment SET purged_at = now()",
        "UPDATE ninja_boost_audit_auditsegment SET last = 5",
    ],
)
def test_changes_are_refused(trail, sql):
    with pytest.raises(DatabaseError, match="append-only"):
        run(sql)
    assert [record.sequence for record in records(PG)] == [3, 4, 5]
    assert found(PG) == []


def test_writing_sealing_and_purging_go_on(trail):
    DatabaseBackend(PG, streams=1).write(Record(action="more"))
    end = records(PG)[-1].timestamp
    list(seal(key_ring(), end, PG))
    list(purge(key_ring(), end, PG))
    assert [record.sequence for record in records(PG)] == [6]
    assert found(PG) == []


def test_a_role_of_the_application_can_write_and_no_more(trail):
    connection = trail
    with connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE IF EXISTS {ROLE}")
        cursor.execute(f"CREATE ROLE {ROLE}")
        cursor.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}")
    try:
        call_command("audit_protect", database=PG, role=ROLE, stdout=_Silent())
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {ROLE}")
        DatabaseBackend(PG, streams=1).write(Record(action="by the role"))
        assert found(PG) == []
        for sql in [
            *(f"DELETE FROM {table}" for table in TABLES),
            *(f"TRUNCATE {table}" for table in TABLES),
            f"UPDATE {TABLES[0]} SET actor_id = 'x'",
            f"UPDATE {TABLES[2]} SET purged_at = now()",
            f"INSERT INTO {TABLES[2]} SELECT * FROM {TABLES[2]}",
            f"ALTER TABLE {TABLES[0]} DISABLE TRIGGER ALL",
        ]:
            with pytest.raises(DatabaseError, match=r"permission denied|must be owner"):
                run(sql)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            cursor.execute(f"DROP OWNED BY {ROLE}")
            cursor.execute(f"DROP ROLE {ROLE}")


class _Silent:
    def write(self, text): ...


def test_whether_it_is_installed_can_be_asked(trail):
    assert append_only.is_installed(trail)
    append_only.remove(trail)
    assert not append_only.is_installed(trail)
    append_only.install(trail)
    append_only.install(trail)
    assert append_only.is_installed(trail)
    run(f"ALTER TABLE {TABLES[0]} DISABLE TRIGGER ALL")
    assert not append_only.is_installed(trail)
    run(f"ALTER TABLE {TABLES[0]} ENABLE TRIGGER ALL")


def test_elsewhere_there_is_no_such_protection():
    append_only.install(connections["default"])
    append_only.remove(connections["default"])
    assert append_only.is_installed(connections["default"])
    with pytest.raises(CommandError, match="no PostgreSQL"):
        call_command("audit_protect", database="default")


def test_the_migration_installs_it_but_in_databases_for_tests(monkeypatch):
    skip_if_missing(PG)
    from importlib import import_module

    migration = import_module("ninja_boost_audit.migrations.0002_append_only")
    connection = connections[PG]
    with connection.schema_editor() as editor:
        migration.install(None, editor)
    assert not append_only.is_installed(connection)
    try:
        options = {**connection.settings_dict, "NAME": "shop", "TEST": {"NAME": None}}
        with monkeypatch.context() as patch:
            patch.setattr(connection, "settings_dict", options)
            with connection.schema_editor() as editor:
                migration.install(None, editor)
            assert append_only.is_installed(connection)
    finally:
        with connection.schema_editor() as editor:
            migration.remove(None, editor)
