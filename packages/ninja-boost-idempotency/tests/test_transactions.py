"""What transactions of the request, and of the store, mean for keys and results."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.http import HttpResponse
from django.test import Client

from ninja_boost_core import ApiError, AutoAPI, AutoRouter
from ninja_boost_idempotency import CacheStore, DatabaseStore, idempotent
from ninja_boost_idempotency.stores.database import DatabaseStore as Database

from .models import Booking
from .support import attempt, keyed, new_key, post, serving, skip_if_missing
from .urls import STORES, Bearer

ALIASES = {"sqlite": "default", "postgresql": "postgresql", "mariadb": "mariadb"}


@pytest.fixture(params=ALIASES)
def alias(request):
    skip_if_missing(request.param)
    return ALIASES[request.param]


@contextmanager
def atomic_requests(alias):
    settings = connections[alias].settings_dict
    settings["ATOMIC_REQUESTS"] = True
    try:
        yield
    finally:
        settings["ATOMIC_REQUESTS"] = False


def keys(alias):
    return apps.get_model("ninja_boost_idempotency", "IdempotencyKey").objects.using(alias)


class Bookings:
    """An API with one view, which writes and then answers as it is told."""

    def __init__(self, alias, **options):
        self.alias, self.guest, self.runs = alias, new_key(), 0
        self.api, router = AutoAPI(auth=Bearer()), AutoRouter()
        self.end = lambda request: {"booked": True}

        @router.post("/book")
        @idempotent(**options)
        def book(request):
            self.runs += 1
            Booking.objects.using(alias).create(guest=self.guest)
            return self.end(request)

        self.api.add_router("", router)

    @property
    def written(self):
        return Booking.objects.using(self.alias).filter(guest=self.guest).count()

    def ask(self, key):
        client = Client(raise_request_exception=False)
        return post(client, "/api/book", {}, keyed(key))


def declined(request):
    raise ApiError(402, "declined")


def broken(request):
    raise RuntimeError("broken")


def rolled_back(alias):
    def end(request):
        transaction.set_rollback(True, using=alias)
        return {"dry": "run"}

    return end


@contextmanager
def joined(how, alias):
    """Bookings whose key is in the transaction of the booking, by either way."""
    if how == "transactional":
        project = Bookings(alias, store=DatabaseStore(alias, transactional=True))
        with serving(api=project.api):
            yield project
    else:
        project = Bookings(alias, store=DatabaseStore(alias))
        with atomic_requests(alias), serving(api=project.api):
            yield project


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["transactional", "atomic requests"])
class TestKeyAndBookingTogether:
    def test_both_are_committed(self, alias, how):
        with joined(how, alias) as project:
            key = new_key()
            first, again = project.ask(key), project.ask(key)
        assert first.content == again.content
        assert again["X-Idempotency-Replay"] == "true"
        assert (project.runs, project.written) == (1, 1)

    @pytest.mark.parametrize(("end", "status"), [(declined, 402), (broken, 500)])
    def test_an_exception_rolls_both_back(self, alias, how, end, status):
        with joined(how, alias) as project:
            key, before = new_key(), keys(alias).count()
            project.end = end
            assert project.ask(key).status_code == status
            assert project.written == 0
            assert keys(alias).count() == before
            project.end = lambda request: {"booked": True}
            assert project.ask(key).status_code == 200
            assert "X-Idempotency-Replay" in project.ask(key)
        assert (project.runs, project.written) == (2, 1)

    def test_a_rollback_that_the_view_wants_takes_the_key_along(self, alias, how):
        with joined(how, alias) as project:
            key = new_key()
            project.end = rolled_back(alias)
            for _ in range(2):
                assert project.ask(key).json()["data"] == {"dry": "run"}
        assert (project.runs, project.written) == (2, 0)

    def test_a_result_that_cannot_be_stored_undoes_the_booking(self, alias, how, monkeypatch):
        with joined(how, alias) as project:
            key, before = new_key(), keys(alias).count()
            with monkeypatch.context() as patch:

                def complete(*arguments):
                    with connections[alias].cursor() as cursor:
                        cursor.execute("SELECT nothing FROM nowhere")

                patch.setattr(Database, "_complete", complete)
                assert project.ask(key).status_code == 503
            assert project.written == 0
            assert keys(alias).count() == before
            assert project.ask(key).status_code == 200
        assert (project.runs, project.written) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_a_returned_failure_rolls_the_writes_back(alias):
    with joined("transactional", alias) as project:
        key = new_key()
        project.end = lambda request: HttpResponse(status=503)
        for _ in range(2):
            assert project.ask(key).status_code == 503
    assert (project.runs, project.written) == (2, 0)


@pytest.mark.django_db(transaction=True)
def test_a_replay_and_a_refusal_leave_no_transaction_open(alias):
    with joined("transactional", alias) as project:
        key = new_key()
        project.ask(key)
        project.ask(key)
        client = Client()
        assert post(client, "/api/book", {"other": 1}, keyed(key)).status_code == 422
        assert not connections[alias].in_atomic_block


# On SQLite, BEGIN IMMEDIATE waits before the store is asked.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("alias", ["postgresql", "mariadb"], indirect=True)
def test_a_key_in_an_open_transaction_is_busy_for_others(alias):
    """They are told at once, without waiting for the transaction."""
    store, name = DatabaseStore(alias), new_key() * 2
    mine = attempt()

    def others():
        try:
            with transaction.atomic(using=alias):
                record = store.claim(name, attempt())
                # The transaction is still good.
                assert Booking.objects.using(alias).filter(guest=name).count() == 0
                return record
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(using=alias):
            assert store.claim(name, mine) is None
            assert pool.submit(others).result(30).result is None
            assert store.complete(name, mine, b"done")
        assert pool.submit(others).result(30).result == b"done"


@pytest.mark.django_db(transaction=True)
def test_async_views_cannot_have_the_transaction(alias):
    api, router = AutoAPI(auth=Bearer()), AutoRouter()

    @router.post("/book")
    @idempotent(store=DatabaseStore(alias, transactional=True))
    async def book(request): ...

    api.add_router("", router)
    with pytest.raises(ImproperlyConfigured, match="sync view"):
        [operation.plan() for _, operation in api.operations()]


class TestOtherStoresUnderAtomicRequests:
    """The result of a store elsewhere must not be there before the booking is."""

    @pytest.fixture(params=["locmem", "redis", "redis-cache"])
    def store(self, request):
        skip_if_missing(request.param)
        return STORES[request.param][0]

    @pytest.mark.django_db(transaction=True)
    def test_a_result_is_kept_once_the_booking_is_committed(self, store, alias):
        with atomic_requests(alias):
            project = Bookings(alias, store=store)
            with serving(api=project.api):
                key = new_key()
                first, again = project.ask(key), project.ask(key)
        assert first.content == again.content
        assert "X-Idempotency-Replay" in again
        assert (project.runs, project.written) == (1, 1)

    @pytest.mark.django_db(transaction=True)
    def test_a_failed_commit_keeps_no_result(self, store, alias, monkeypatch):
        with atomic_requests(alias):
            project = Bookings(alias, store=store, lease=0.05)
            with serving(api=project.api):
                key = new_key()
                with monkeypatch.context() as patch:

                    def commit(connection):
                        connection.rollback()
                        raise RuntimeError("commit failed")

                    wrapper = type(connections[alias])
                    patch.setattr(wrapper, "commit", commit)
                    assert project.ask(key).status_code == 500
                assert project.written == 0
                answer = project.ask(key)
                while answer.status_code == 409:
                    answer = project.ask(key)
                assert answer.status_code == 200
                assert "X-Idempotency-Replay" not in answer
        assert (project.runs, project.written) == (2, 1)

    @pytest.mark.django_db(transaction=True)
    def test_a_refusal_that_rolls_back_is_kept(self, store, alias):
        with atomic_requests(alias):
            project = Bookings(alias, store=store)
            project.end = declined
            with serving(api=project.api):
                key = new_key()
                first, again = project.ask(key), project.ask(key)
        assert first.status_code == again.status_code == 402
        assert "X-Idempotency-Replay" in again
        assert (project.runs, project.written) == (1, 0)

    @pytest.mark.django_db(transaction=True)
    def test_a_failure_that_rolls_back_frees_the_key(self, store, alias):
        with atomic_requests(alias):
            project = Bookings(alias, store=store)
            with serving(api=project.api):
                key = new_key()
                project.end = broken
                assert project.ask(key).status_code == 500
                project.end = lambda request: {"booked": True}
                assert project.ask(key).status_code == 200
        assert (project.runs, project.written) == (2, 1)

    @pytest.mark.django_db
    def test_in_a_test_case_which_never_commits_it_works_too(self, store):
        with atomic_requests("default"):
            project = Bookings("default", store=store)
            with serving(api=project.api):
                key = new_key()
                assert project.ask(key).content == project.ask(key).content
        assert project.runs == 1


@pytest.mark.django_db
@pytest.mark.parametrize("transactional", [True, False])
def test_in_a_test_case_the_database_store_works(transactional):
    project = Bookings("default", store=DatabaseStore(transactional=transactional))
    with serving(api=project.api):
        key = new_key()
        assert project.ask(key).content == project.ask(key).content
        project.end = declined
        assert project.ask(new_key()).status_code == 402
    assert project.written == (1 if transactional else 2)


def test_the_cache_store_takes_no_part():
    assert CacheStore().using is None
