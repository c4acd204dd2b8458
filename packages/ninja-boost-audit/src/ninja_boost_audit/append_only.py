"""What makes the tables append-only on PostgreSQL.

Triggers refuse every UPDATE, DELETE and TRUNCATE of a record, but the deletion of those that a
tombstone stands for; a head may only go forward; a segment may only become a tombstone. An owner
of the tables can drop the triggers, so that the application had best not be the owner: ``protect``
also says what its role may do.

Other databases have no such protection here; the chain shows what was done to them all the same.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.creation import TEST_DATABASE_PREFIX

from .models import AuditRecord, AuditSegment, AuditStream

__all__ = ["install", "is_installed", "is_test_database", "protect", "remove"]

_NAME = "ninja_boost_audit_append_only"

_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = '%(records)s' THEN
        PERFORM 1 FROM {{segments}} AS segment
            WHERE segment.stream = OLD.stream AND segment.purged_at IS NOT NULL
            AND OLD.sequence BETWEEN segment.first AND segment.last;
        IF FOUND THEN
            RETURN OLD;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND TG_TABLE_NAME = '%(heads)s' THEN
        IF NEW.name = OLD.name AND NEW.sequence = OLD.sequence + 1 THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND TG_TABLE_NAME = '%(segments)s' THEN
        IF OLD.purged_at IS NULL AND NEW.purged_at IS NOT NULL AND NEW.id = OLD.id
            AND NEW.stream = OLD.stream AND NEW.first = OLD.first AND NEW.last = OLD.last THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'The audit trail is append-only: %% of %% is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$body$
"""

_TABLES = (AuditRecord, AuditStream, AuditSegment)


def install(connection: BaseDatabaseWrapper) -> None:
    """Install the triggers, in the place of older ones; does nothing where they are not known."""
    if connection.vendor != "postgresql":
        return
    quote = connection.ops.quote_name
    records, heads, segments = (model._meta.db_table for model in _TABLES)
    # Once for Python, whose percent signs are doubled; the names are those of our own tables.
    function = _FUNCTION.replace("{segments}", quote(segments)) % {
        "records": records,
        "heads": heads,
        "segments": segments,
    }
    with connection.cursor() as cursor:
        cursor.execute(function)
        for table in (records, heads, segments):
            _drop(connection, cursor, table)
            cursor.execute(
                f"CREATE TRIGGER {_NAME} BEFORE UPDATE OR DELETE ON {quote(table)} "
                f"FOR EACH ROW EXECUTE FUNCTION {_NAME}()"
            )
            cursor.execute(
                f"CREATE TRIGGER {_NAME}_all BEFORE TRUNCATE ON {quote(table)} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {_NAME}()"
            )
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {quote(table)} FROM PUBLIC")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Remove what ``install`` installed."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in _TABLES:
            _drop(connection, cursor, model._meta.db_table)
        cursor.execute(f"DROP FUNCTION IF EXISTS {_NAME}()")


def protect(connection: BaseDatabaseWrapper, role: str) -> None:
    """Leave a role of PostgreSQL no right to the tables but those that writing takes."""
    quote = connection.ops.quote_name
    rights = {AuditRecord: "SELECT, INSERT", AuditStream: "SELECT, INSERT, UPDATE"}
    with connection.cursor() as cursor:
        for model in _TABLES:
            table = quote(model._meta.db_table)
            cursor.execute(f"REVOKE ALL ON {table} FROM {quote(role)}")
            cursor.execute(f"GRANT {rights.get(model, 'SELECT')} ON {table} TO {quote(role)}")
        cursor.execute(
            "SELECT pg_get_serial_sequence(%s, 'id')", [quote(AuditRecord._meta.db_table)]
        )
        cursor.execute(f"GRANT USAGE ON SEQUENCE {cursor.fetchone()[0]} TO {quote(role)}")


def is_installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether the triggers are there and enabled; True where they are not known."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM pg_trigger WHERE tgname IN (%s, %s) AND tgenabled = 'O'",
            [_NAME, f"{_NAME}_all"],
        )
        return bool(cursor.fetchone()[0] >= 2 * len(_TABLES))


def is_test_database(connection: BaseDatabaseWrapper) -> bool:
    """Whether Django created the database for tests, which truncate tables to clear them."""
    name = str(connection.settings_dict["NAME"])
    given = connection.settings_dict["TEST"].get("NAME")
    return name.startswith(TEST_DATABASE_PREFIX) or (given is not None and name == str(given))


def _drop(connection: BaseDatabaseWrapper, cursor: object, table: str) -> None:
    execute = cursor.execute  # type: ignore[attr-defined]
    for name in (_NAME, f"{_NAME}_all"):
        execute(f"DROP TRIGGER IF EXISTS {name} ON {connection.ops.quote_name(table)}")
