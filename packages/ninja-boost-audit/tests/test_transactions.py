"""What the transaction of a request means for its record, on real databases."""

from contextlib import contextmanager

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.test import Client, RequestFactory, TestCase
from ninja import NinjaAPI
from ninja.errors import HttpError

from ninja_boost_audit import AuditError, DatabaseBackend, audit_log, emit
from ninja_boost_core import AutoAPI, AutoRouter

from .models import Order
from .support import (
    ALICE,
    Bearer,
    answer,
    atomic_requests,
    details,
    found,
    last,
    records,
    serving,
    to_database,
)

pytestmark = pytest.mark.django_db(transaction=True)


class Shop:
    """An API with one view, which writes and then ends as it is told."""

    def __init__(self, alias, kind=AutoAPI, **options):
        self.alias = alias
        self.end = lambda request: {"ordered": True}
        self.api, router = kind(auth=Bearer()), AutoRouter()

        @router.post("/orders", response={200: dict, 409: dict, 503: dict})
        @audit_log("order.create", **options)
        def create(request):
            Order.objects.using(alias).create(number="n")
            return self.end(request)

        self.api.add_router("", router)

    @property
    def orders(self):
        return Order.objects.using(self.alias).count()

    def ask(self, who=ALICE):
        client = Client(raise_request_exception=False)
        return client.post("/api/orders", headers=who or {})


def raising(error):
    def end(request):
        raise error

    return end


def fail_in_sql(alias):
    def end(request):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")

    return end


def fail_to_save(alias):
    """Breaks the transaction, as Django and PostgreSQL see it."""

    def end(request):
        first = Order.objects.using(alias).create(number="twice")
        Order(pk=first.pk, number="again").save(using=alias, force_insert=True)

    return end


def emitting(alias, then):
    """Locks a stream in the transaction, and then ends."""

    def end(request):
        emit("order.step", resource="order")
        return then(request)

    return end


@contextmanager
def shop(alias, kind=AutoAPI, **options):
    project = Shop(alias, kind, **options)
    with to_database(alias), serving(api=project.api):
        yield project


def outcomes(alias):
    return [(record.action, record.outcome) for record in records(alias)]


@contextmanager
def broken_backend(monkeypatch, *, after=0):
    """A database backend that fails on the record after the first ``after``."""
    written = []
    write = DatabaseBackend._write

    def fail(self, record, ring):
        if len(written) >= after:
            with connections[self.using].cursor() as cursor:
                cursor.execute("SELECT nothing FROM nowhere")
        written.append(record)
        write(self, record, ring)

    with monkeypatch.context() as patch:
        patch.setattr(DatabaseBackend, "_write", fail)
        yield


class TestAtomicRequests:
    @pytest.fixture(params=[AutoAPI, NinjaAPI])
    def project(self, request, alias):
        with atomic_requests(alias), shop(alias, request.param) as project:
            project.kind = request.param
            yield project

    def test_a_success_is_committed_with_the_order(self, project, alias):
        assert project.ask().status_code == 200
        assert (project.orders, outcomes(alias)) == (1, [("order.create", "success")])

    @pytest.mark.parametrize(
        ("error", "status", "outcome"),
        [(HttpError(403, "no"), 403, "denied"), (HttpError(409, "no"), 409, "failure")],
    )
    def test_a_refusal_outlives_the_rollback(self, project, alias, error, status, outcome):
        project.end = raising(error)
        assert project.ask().status_code == status
        assert outcomes(alias) == [("order.create", outcome)]
        # A plain NinjaAPI commits what came before an error that it handles.
        assert project.orders == (0 if project.kind is AutoAPI else 1)
        assert found(alias) == []

    def test_an_unhandled_error_outlives_the_rollback(self, project, alias):
        """From a plain NinjaAPI it goes on to Django, whose transaction it ends."""
        project.end = raising(RuntimeError("broken"))
        assert project.ask().status_code == 500
        assert (project.orders, outcomes(alias)) == (0, [("order.create", "error")])
        assert details(last(alias))["error"] == "RuntimeError"

    @pytest.mark.parametrize("fail", [fail_in_sql, fail_to_save])
    def test_an_error_of_the_database_outlives_the_rollback(self, project, alias, fail):
        project.end = fail(alias)
        assert project.ask().status_code == 500
        assert (project.orders, outcomes(alias)) == (0, [("order.create", "error")])

    def test_whoever_is_refused_before_the_view_leaves_a_record(self, project, alias):
        assert project.ask(who=None).status_code == 401
        assert (project.orders, outcomes(alias)) == (0, [("order.create", "denied")])

    def test_a_rollback_that_the_view_wants(self, project, alias):
        def end(request):
            transaction.set_rollback(True, using=alias)
            return {"dry": "run"}

        project.end = end
        assert project.ask().status_code == 200
        assert (project.orders, outcomes(alias)) == (0, [("order.create", "success")])

    @pytest.mark.parametrize("error", [HttpError(409, "no"), RuntimeError()])
    def test_a_stream_that_the_transaction_has_locked_is_free_for_its_record(
        self, project, alias, error
    ):
        project.end = emitting(alias, raising(error))
        project.ask()
        kept = outcomes(alias)[-1]
        assert kept == ("order.create", "failure" if isinstance(error, HttpError) else "error")
        assert found(alias) == []

    def test_what_is_emitted_shares_the_fate_of_the_order(self, project, alias):
        project.end = emitting(alias, lambda request: {})
        project.ask()
        assert outcomes(alias) == [("order.step", "success"), ("order.create", "success")]
        project.end = emitting(alias, raising(RuntimeError()))
        project.ask()
        assert outcomes(alias)[2:] == [("order.create", "error")]
        assert found(alias) == []

    def test_what_cannot_be_recorded_is_rolled_back(self, project, alias, monkeypatch):
        with broken_backend(monkeypatch):
            response = project.ask()
        assert response.status_code == 503
        assert (project.orders, outcomes(alias)) == (0, [])
        assert project.ask().status_code == 200
        assert (project.orders, outcomes(alias)) == (1, [("order.create", "success")])

    def test_no_transaction_stays_open(self, project, alias):
        for end in (lambda request: {}, raising(HttpError(409, "no")), raising(RuntimeError())):
            project.end = end
            project.ask()
            assert not connections[alias].in_atomic_block
            assert connections[alias].get_autocommit()


def test_open_keeps_the_order_and_loses_the_record(alias, monkeypatch):
    with atomic_requests(alias), shop(alias, fail_closed=False) as project:
        with broken_backend(monkeypatch):
            assert project.ask().status_code == 200
        assert (project.orders, outcomes(alias)) == (1, [])


class TestWithoutATransaction:
    def test_success_and_failure_are_recorded(self, alias):
        with shop(alias) as project:
            project.ask()
            project.end = raising(HttpError(409, "no"))
            project.ask()
            assert outcomes(alias) == [("order.create", "success"), ("order.create", "failure")]
            assert project.orders == 2

    def test_a_trail_that_is_gone_stops_the_view_before_it_writes(self, alias, monkeypatch):
        with shop(alias) as project:

            def check(self):
                raise AuditError("gone")

            monkeypatch.setattr(DatabaseBackend, "check", check)
            assert project.ask().status_code == 503
            assert project.orders == 0

    def test_one_that_goes_meanwhile_is_told_although_the_order_is_there(self, alias, monkeypatch):
        with shop(alias) as project, broken_backend(monkeypatch):
            assert project.ask().status_code == 503
            assert project.orders == 1


class TestTransactional:
    """``transactional=True`` gives an operation the same without ATOMIC_REQUESTS."""

    @pytest.fixture(params=[AutoAPI, NinjaAPI])
    def project(self, request, alias):
        with shop(alias, request.param, transactional=True) as project:
            yield project

    def test_a_success(self, project, alias):
        assert project.ask().status_code == 200
        assert (project.orders, outcomes(alias)) == (1, [("order.create", "success")])

    @pytest.mark.parametrize(
        ("end", "status", "outcome"),
        [
            (raising(HttpError(409, "no")), 409, "failure"),
            (raising(RuntimeError()), 500, "error"),
            (lambda request: answer(503), 503, "error"),
        ],
    )
    def test_what_fails_is_rolled_back_and_recorded(self, project, alias, end, status, outcome):
        project.end = end
        assert project.ask().status_code == status
        assert (project.orders, outcomes(alias)) == (0, [("order.create", outcome)])

    @pytest.mark.parametrize("fail", [fail_in_sql, fail_to_save])
    def test_an_error_of_the_database(self, project, alias, fail):
        project.end = fail(alias)
        assert project.ask().status_code == 500
        assert (project.orders, outcomes(alias)) == (0, [("order.create", "error")])

    def test_what_cannot_be_recorded_is_rolled_back(self, project, alias, monkeypatch):
        with broken_backend(monkeypatch):
            assert project.ask().status_code == 503
        assert (project.orders, outcomes(alias)) == (0, [])

    def test_a_returned_refusal_is_a_decision_and_stays(self, project, alias):
        project.end = lambda request: answer(409)
        assert project.ask().status_code == 409
        assert (project.orders, outcomes(alias)) == (1, [("order.create", "failure")])

    def test_whoever_is_refused_before_the_view(self, project, alias):
        assert project.ask(who=None).status_code == 401
        assert outcomes(alias) == [("order.create", "denied")]
        assert not connections[alias].in_atomic_block

    def test_within_atomic_requests_it_adds_nothing(self, alias):
        with atomic_requests(alias), shop(alias, transactional=True) as project:
            project.ask()
            project.end = raising(HttpError(409, "no"))
            project.ask()
            assert project.orders == 1
            assert outcomes(alias) == [("order.create", "success"), ("order.create", "failure")]

    def test_a_commit_that_fails_leaves_an_error_and_no_success(self, project, alias, monkeypatch):
        real = transaction.Atomic.__exit__
        state = {"fail": True}

        def fail(self, kind, error, trace):
            outermost = not connections[alias].savepoint_ids and self.using == alias
            if state["fail"] and outermost and kind is None and Order.objects.using(alias).exists():
                state["fail"] = False
                failed = IntegrityError("deferred")
                real(self, IntegrityError, failed, None)
                raise failed
            return real(self, kind, error, trace)

        monkeypatch.setattr(transaction.Atomic, "__exit__", fail)
        assert project.ask().status_code == 500
        assert (project.orders, outcomes(alias)) == (0, [("order.create", "error")])

    def test_async_views_cannot_have_it(self, alias):
        api = NinjaAPI()

        @api.post("/orders")
        @audit_log("order.create", transactional=True)
        async def create(request): ...

        wrong = pytest.raises(ImproperlyConfigured, match="sync view")
        with to_database(alias), serving(api=api), wrong:
            Client().post("/api/orders")

    def test_a_log_has_no_transactions(self):
        api = NinjaAPI()
        api.post("/orders")(audit_log("a", transactional=True)(lambda request: {}))
        with serving(api=api), pytest.raises(ImproperlyConfigured, match="DatabaseBackend"):
            Client().post("/api/orders")


class TestDirectCallsInABlock:
    """A caller may catch what a decorated function raises, and go on in its own transaction."""

    def test_the_callers_writes_are_its_own(self, alias):
        @audit_log("step")
        def step(request):
            raise ValueError

        with to_database(alias), atomic_requests(alias), transaction.atomic(using=alias):
            Order.objects.using(alias).create(number="before")
            with pytest.raises(ValueError):  # noqa: PT011
                step(RequestFactory().get("/"))
            Order.objects.using(alias).create(number="after")
        assert Order.objects.using(alias).count() == 2
        assert outcomes(alias) == [("step", "error")]

    def test_a_doomed_block_stays_doomed(self, alias):
        @audit_log("step")
        def step(request):
            transaction.set_rollback(True, using=alias)
            raise ValueError

        with to_database(alias), transaction.atomic(using=alias):
            Order.objects.using(alias).create(number="before")
            with pytest.raises(ValueError):  # noqa: PT011
                step(RequestFactory().get("/"))
            assert transaction.get_rollback(using=alias)
            with pytest.raises(DatabaseError):
                Order.objects.using(alias).create(number="after")
        assert Order.objects.using(alias).count() == 0
        assert outcomes(alias) == [("step", "error")]


class TestInATestCase(TestCase):
    """A project's own TestCase holds a transaction of its own around all of this."""

    databases = frozenset({"default"})

    def test_success_refusal_and_error(self):
        for kind in (AutoAPI, NinjaAPI):
            with atomic_requests("default"), shop("default", kind) as project:
                project.ask()
                project.end = raising(HttpError(403, "no"))
                project.ask()
                project.end = raising(RuntimeError())
                project.ask()
                assert [o for _, o in outcomes("default")][-3:] == ["success", "denied", "error"]
        assert found() == []

    def test_transactional(self):
        with shop("default", transactional=True) as project:
            project.ask()
            project.end = raising(RuntimeError())
            project.ask()
            assert project.orders == 1
            assert [o for _, o in outcomes("default")] == ["success", "error"]


def test_a_record_joins_the_transaction_that_is_open(alias):
    with to_database(alias):
        with pytest.raises(ValueError), transaction.atomic(using=alias):  # noqa: PT011, PT012
            emit("a")
            raise ValueError
        assert outcomes(alias) == []
        with transaction.atomic(using=alias):
            emit("b")
        # What the rolled back record left in the writer's memory is no head of anything.
        emit("c")
        assert outcomes(alias) == [("b", "success"), ("c", "success")]
        assert found(alias) == []


def test_a_savepoint_that_is_rolled_back_takes_its_records_along(alias):
    with to_database(alias), transaction.atomic(using=alias):
        emit("a")
        with pytest.raises(ValueError), transaction.atomic(using=alias):  # noqa: PT011, PT012
            emit("b")
            raise ValueError
        emit("c")
    assert [record.action for record in records(alias)] == ["a", "c"]
    with to_database(alias):
        assert found(alias) == []


def test_the_audit_trail_may_have_a_database_of_its_own(alias):
    """Its records are then committed by themselves; a refused order is rolled back all the same."""
    if alias == "default":
        pytest.skip("is the other one")
    with atomic_requests("default"), to_database(alias):
        project = Shop("default")
        with serving(api=project.api):
            project.ask()
            project.end = raising(HttpError(409, "no"))
            project.ask()
    assert project.orders == 1
    assert [outcome for _, outcome in outcomes(alias)] == ["success", "failure"]
