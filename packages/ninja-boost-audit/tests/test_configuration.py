"""Settings, keys and system checks."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import modify_settings, override_settings
from django.urls import clear_url_caches

from ninja_boost_audit import AuditBackend, DatabaseBackend, LoggingBackend, MultiBackend, emit
from ninja_boost_audit.backends.current import configured_backend
from ninja_boost_audit.keys import key_ring

from .settings import KEYS
from .support import audit_settings, found, last, serving, to_database

ENV = "NINJA_BOOST_AUDIT_KEYS"
KEY = "for-tests-only-and-of-no-value-key-1"


def problems(deploy=False):
    clear_url_caches()
    messages = run_checks(tags=["ninja_boost"], include_deployment_checks=deploy)
    return {message.id: message for message in messages}


def test_the_log_is_the_default_and_needs_nothing():
    with (
        override_settings(NINJA_BOOST={}),
        modify_settings(INSTALLED_APPS={"remove": ["ninja_boost_audit"]}),
    ):
        assert isinstance(configured_backend(), LoggingBackend)
        assert "ninja_boost_audit.E001" not in problems()


@pytest.mark.parametrize("prefix", ["ninja_boost.audit", "ninja_boost_audit"])
def test_the_umbrellas_paths_work_without_it(prefix):
    with audit_settings(BACKEND=f"{prefix}.DatabaseBackend"):
        assert isinstance(configured_backend(), DatabaseBackend)
    with audit_settings(BACKEND=[f"{prefix}.LoggingBackend", f"{prefix}.DatabaseBackend"]):
        backend = configured_backend()
        assert isinstance(backend, MultiBackend)
        assert backend.aliases == {"default"}


def test_the_app_must_be_installed():
    with modify_settings(INSTALLED_APPS={"remove": ["ninja_boost_audit"]}), to_database():
        error = problems()["ninja_boost_audit.E001"]
    assert "INSTALLED_APPS" in error.hint


def test_a_database_needs_keys(monkeypatch):
    monkeypatch.delenv(ENV, raising=False)
    with to_database(KEYS={}):
        error = problems()["ninja_boost_audit.E001"]
        with pytest.raises(ImproperlyConfigured, match=r"AUDIT\.KEYS"):
            emit("x")
    assert "AUDIT.KEYS" in error.msg
    assert ENV in error.hint


def test_secret_key_is_never_a_key(monkeypatch, settings):
    monkeypatch.delenv(ENV, raising=False)
    settings.SECRET_KEY = KEY
    with to_database(KEYS={}), pytest.raises(ImproperlyConfigured):
        key_ring()


class TestKeysOfTheEnvironment:
    def test_the_first_signs(self, monkeypatch):
        monkeypatch.setenv(ENV, f"new:{KEY}2,old:{KEY}1")
        with to_database(KEYS={}):
            assert key_ring().current == "new"
            assert "old" in key_ring()

    def test_the_setting_has_precedence(self, monkeypatch):
        monkeypatch.setenv(ENV, f"new:{KEY}")
        with to_database(KEYS=KEYS):
            assert key_ring().current == "k1"
            assert "new" not in key_ring()

    def test_the_variable_may_have_another_name(self, monkeypatch):
        monkeypatch.setenv("MY_KEYS", f"mine:{KEY}")
        with to_database(KEYS={}, KEYS_ENV="MY_KEYS"):
            assert key_ring().current == "mine"

    @pytest.mark.parametrize(
        "value", ["a:s3cr3t-and-short", f"s3cr3t{KEY}", f":s3cr3t{KEY}", f"a:{KEY},a:s3cr3t{KEY}"]
    )
    def test_a_bad_one_is_an_error_that_does_not_show_it(self, monkeypatch, value):
        monkeypatch.setenv(ENV, value)
        with to_database(KEYS={}):
            with pytest.raises(ImproperlyConfigured, match="KEYS_ENV") as caught:
                key_ring()
            assert "ninja_boost_audit.E001" in problems()
        assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"KEYS": {"a": "s3cr3t"}}, "KEYS"),
        ({"KEYS": {"not an id": KEY}}, "KEYS"),
        ({"STREAMS": 0}, "STREAMS"),
        ({"STREAM": "Main!"}, "STREAM"),
        ({"LOCK_TIMEOUT": 0}, "LOCK_TIMEOUT"),
        ({"FAIL_OPEN": True}, "FAIL_OPEN"),
        ({"BACKEND": 3}, "BACKEND"),
        ({"BACKEND": None}, "BACKEND"),
        ({"BACKEND": "no.such.Backend"}, "BACKEND"),
    ],
)
def test_a_wrong_setting_is_named(options, key):
    with audit_settings(**options):
        error = problems()["ninja_boost_core.E001"]
    assert key in error.msg
    assert "s3cr3t" not in error.msg


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"BACKEND": "datetime.datetime"}, "AUDIT.BACKEND"),
        ({"BACKEND": []}, "empty list"),
        ({"BACKEND": "ninja_boost_audit.MultiBackend"}, "names MultiBackend"),
        ({"BACKEND": "ninja_boost_audit.DatabaseBackend", "DATABASE": "no"}, "AUDIT.DATABASE"),
    ],
)
def test_a_backend_that_cannot_be_is_an_error(options, words):
    with audit_settings(**options):
        assert words in problems()["ninja_boost_audit.E001"].msg


def test_an_operation_of_a_bad_backend_is_an_error_too():
    from ninja_boost_audit import audit_log
    from ninja_boost_core import AutoAPI, AutoRouter

    api, router = AutoAPI(), AutoRouter()
    router.get("/x")(audit_log("x")(lambda request: {}))
    api.add_router("", router)
    with to_database("no"), serving(api=api):
        assert "AUDIT.DATABASE" in problems()["ninja_boost_core.E002"].msg


def test_open_is_warned_of():
    with audit_settings(FAIL_CLOSED=False):
        assert "ninja_boost_audit.W001" in problems(deploy=True)
        assert "ninja_boost_audit.W001" not in problems()
    with audit_settings():
        assert "ninja_boost_audit.W001" not in problems(deploy=True)


def test_a_backend_of_ones_own():
    written = []

    class Mine(AuditBackend):
        def write(self, record):
            written.append(record.action)

    for backend in (Mine, Mine()):
        with audit_settings(BACKEND=backend):
            emit("x")
    assert written == ["x", "x"]


@pytest.mark.django_db
@pytest.mark.parametrize("zone", [True, False])
def test_with_and_without_time_zones(zone):
    """Without, columns are naive; the trail keeps UTC in them, whatever TIME_ZONE is."""
    before = datetime.now(UTC)
    with to_database(), override_settings(USE_TZ=zone, TIME_ZONE="America/New_York"):
        emit("x")
        moment = last().timestamp
        assert found() == []
    assert (moment.tzinfo is not None) is zone
    assert before <= moment.replace(tzinfo=UTC) <= datetime.now(UTC)


def test_importing_the_package_needs_no_settings():
    code = "import ninja_boost_audit, ninja_boost_audit.apps; assert ninja_boost_audit.__all__"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env={})


@pytest.mark.django_db
def test_migrations_are_complete():
    from django.core.management import call_command

    call_command("makemigrations", "ninja_boost_audit", check=True, dry_run=True, verbosity=0)
