"""Settings, system checks and the command."""

from io import StringIO

import pytest
from django.apps import apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.test import override_settings

from ninja_boost_core import AutoAPI, AutoRouter
from ninja_boost_core.conf import boost_settings
from ninja_boost_idempotency import CacheStore, DatabaseStore, RedisStore, idempotent
from ninja_boost_idempotency.settings import current_options
from ninja_boost_idempotency.stores.base import MissingDependency
from ninja_boost_idempotency.stores.current import configured_store

from .support import attempt, new_key, serving, skip_if_missing
from .urls import Bearer


def configured(**options):
    return override_settings(NINJA_BOOST={"IDEMPOTENCY": options})


def messages(deploy=False, **options):
    with configured(**options):
        found = checks.run_checks(tags=["ninja_boost"], include_deployment_checks=deploy)
    return {message.id: message for message in found if "idempotency" in message.id.lower()}


def test_the_defaults_are_those_of_the_original():
    with override_settings(NINJA_BOOST={}):
        options = current_options()
        assert (options.HEADER, options.TTL) == ("X-Idempotency-Key", 86400)
        assert isinstance(configured_store(), CacheStore)
        assert configured_store().alias == "default"


@pytest.mark.parametrize(
    ("backend", "kind"),
    [
        ("redis", CacheStore),
        ("ninja_boost_idempotency.DatabaseStore", DatabaseStore),
        ("ninja_boost.idempotency.DatabaseStore", DatabaseStore),
        (DatabaseStore, DatabaseStore),
        ("ninja_boost_idempotency.RedisStore", RedisStore),
        ("tests.test_configuration.ready_made", DatabaseStore),
    ],
)
def test_the_backend_is_an_alias_a_path_or_an_object(backend, kind):
    with configured(BACKEND=backend, REDIS_URL="redis://127.0.0.1/0"):
        assert type(configured_store()) is kind
        assert configured_store() is configured_store()


ready_made = DatabaseStore()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"TTL": 0}, "TTL"),
        ({"TTL": "a day"}, "TTL"),
        ({"LEASE": -1}, "LEASE"),
        ({"WAIT": 3600}, "WAIT"),
        ({"HEADER": "no header"}, "HEADER"),
        ({"ON_ERROR": "ignore"}, "ON_ERROR"),
        ({"BACKEND": 5}, "BACKEND"),
        ({"BACKEND": ""}, "BACKEND"),
        ({"BACKEMD": "default"}, "BACKEMD"),
    ],
)
def test_a_wrong_setting_is_named(options, named):
    with configured(**options):
        with pytest.raises(ImproperlyConfigured, match=named):
            current_options()
        problems = [str(problem) for problem in boost_settings.find_problems()]
    assert any(named in problem for problem in problems)


def test_durations_may_be_texts():
    with configured(TTL="48h", LEASE="2m"):
        assert (current_options().TTL, current_options().LEASE) == (172800, 120)


@pytest.mark.parametrize(
    ("backend", "text"),
    [
        ("nowhere", "no cache that works"),
        ("dummy", "cannot keep a key safely"),
        ("ninja_boost_idempotency.RedisStore", "needs a URL"),
        ("tests.urls.Guest", "tests.urls.Guest"),
    ],
)
def test_a_backend_that_cannot_work_is_an_error(backend, text):
    assert text in messages(BACKEND=backend)["ninja_boost_idempotency.E001"].msg


@pytest.mark.parametrize("cache", ["filebased.FileBasedCache", "db.DatabaseCache"])
def test_a_cache_whose_add_is_not_safe_is_refused(cache, settings):
    settings.CACHES = {
        **settings.CACHES,
        "other": {"BACKEND": f"django.core.cache.backends.{cache}", "LOCATION": "/nowhere"},
    }
    with pytest.raises(ImproperlyConfigured, match="cannot keep a key safely"):
        CacheStore("other")


def test_the_database_store_names_the_app_it_needs(settings):
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "ninja_boost_idempotency"
    ]
    found = messages(BACKEND="ninja_boost_idempotency.DatabaseStore")
    assert "Add 'ninja_boost_idempotency' to INSTALLED_APPS" in (
        found["ninja_boost_idempotency.E001"].hint
    )


def test_a_database_that_is_not_there_is_an_error():
    with pytest.raises(ImproperlyConfigured, match="nowhere"):
        DatabaseStore("nowhere")


def test_an_unreadable_url_keeps_its_password():
    with pytest.raises(ImproperlyConfigured) as caught:
        RedisStore("rediss//:secret-password@host")
    assert "secret-password" not in str(caught.value)


def test_without_redis_py_the_error_is_the_command(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "redis", None)
    with pytest.raises(MissingDependency, match="pip install"):
        RedisStore("redis://127.0.0.1/0")
    redis = {"BACKEND": "ninja_boost_idempotency.RedisStore", "REDIS_URL": "redis://h/0"}
    with configured(**redis), pytest.raises(ImproperlyConfigured, match="pip install"):
        configured_store()


def api_with(**options):
    api, router = AutoAPI(auth=Bearer()), AutoRouter()

    @router.post("/pay")
    @idempotent(**options)
    def pay(request): ...

    api.add_router("", router)
    return api


def test_a_deployment_on_a_cache_in_memory_is_warned():
    with serving(api=api_with(store="default")):
        found = messages(deploy=True)
    assert "ninja_boost_idempotency.W001" in found


def test_a_deployment_without_timeouts_is_warned(settings):
    settings.CACHES = {
        **settings.CACHES,
        "slow": {**settings.CACHES["redis"], "OPTIONS": {}},
    }
    with serving(api=api_with(store="slow")):
        assert "'slow'" in messages(deploy=True)["ninja_boost_idempotency.W002"].msg


def test_a_deployment_that_lets_through_is_warned():
    with serving(api=api_with()):
        assert "ninja_boost_idempotency.W003" in messages(deploy=True, ON_ERROR="open")
        assert "ninja_boost_idempotency.W003" not in messages(deploy=True)


def test_a_correct_project_has_no_message():
    assert messages() == {}


@pytest.fixture(params=["default", "postgresql", "mariadb"])
def alias(request):
    skip_if_missing(request.param)
    return request.param


@pytest.mark.django_db(databases=list(connections))
def test_the_command_deletes_what_has_expired(alias):
    rows = apps.get_model("ninja_boost_idempotency", "IdempotencyKey").objects.using(alias)
    rows.all().delete()
    store = DatabaseStore(alias)
    kept, running, *expired = (new_key() * 2 for _ in range(7))
    for name in (kept, running, *expired):
        mine = attempt()
        assert store.claim(name, mine) is None
        if name != running:
            store.complete(name, mine, b"")
    rows.filter(pk__in=expired).update(expires_at=1)
    output = StringIO()
    call_command("purge_idempotency_keys", database=alias, batch=2, stdout=output)
    assert "Deleted 5 expired" in output.getvalue()
    assert set(rows.values_list("pk", flat=True)) == {kept, running}
    call_command("purge_idempotency_keys", database=alias, stdout=output)
    assert "Deleted 0 expired" in output.getvalue()


def test_the_command_refuses_a_batch_of_nothing():
    with pytest.raises(CommandError, match="at least 1"):
        call_command("purge_idempotency_keys", batch=0)


@pytest.mark.django_db
def test_there_is_no_migration_missing():
    call_command("makemigrations", "ninja_boost_idempotency", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_a_row_names_itself():
    row = apps.get_model("ninja_boost_idempotency", "IdempotencyKey")(name="abc")
    assert str(row) == "abc"
