"""Writers that meet: none waits for a stream that is busy while another is free, or for ever."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from ninja_boost_audit import AuditError, DatabaseBackend, Record

from .support import audit_settings, found, records, skip_if_missing

pytestmark = pytest.mark.django_db(transaction=True)


# SQLite has one writer, who waits for as long as the connection's own timeout says.
@pytest.fixture(params=["postgresql", pytest.param("mariadb", marks=pytest.mark.slow)])
def alias(request):
    skip_if_missing(request.param)
    return request.param


@pytest.fixture
def other():
    """Another thread, with connections of its own."""
    with ThreadPoolExecutor(1) as pool:

        def call(function, *arguments):
            return pool.submit(function, *arguments).result(60)

        yield call
        call(connections.close_all)


def test_a_busy_stream_is_passed_over(alias, other):
    backend = DatabaseBackend(alias, streams=2)
    backend.write(Record(action="first"))
    with transaction.atomic(using=alias):
        backend.write(Record(action="long"))
        for _ in range(3):
            other(backend.write, Record(action="short"))
    assert found(alias) == []
    places = {(record.stream, record.action) for record in records(alias)}
    assert len({stream for stream, action in places if action == "short"}) == 1
    assert not {s for s, a in places if a == "short"} & {s for s, a in places if a == "long"}


def test_when_all_are_busy_the_wait_is_bounded(alias, other):
    backend = DatabaseBackend(alias, streams=1)
    backend.write(Record(action="first"))
    with audit_settings(LOCK_TIMEOUT=0.2), transaction.atomic(using=alias):
        backend.write(Record(action="long"))
        with pytest.raises(AuditError, match=alias):
            other(backend.write, Record(action="short"))
    other(backend.write, Record(action="short"))
    assert [record.action for record in records(alias)] == ["first", "long", "short"]
    assert found(alias) == []


def test_the_bound_is_for_that_wait_alone(other):
    alias = "postgresql"
    skip_if_missing(alias)
    backend = DatabaseBackend(alias, streams=1)
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '7s'")
        names = tuple(backend.names)
        backend.write(Record(action="x"))
        backend._statements.wait(cursor, names, 2.0)
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("7s",)
        transaction.set_rollback(True, using=alias)


def test_one_transaction_never_waits_for_itself(alias):
    backend = DatabaseBackend(alias, streams=1)
    with transaction.atomic(using=alias):
        for _ in range(3):
            backend.write(Record(action="x"))
    assert [record.sequence for record in records(alias)] == [1, 2, 3]
