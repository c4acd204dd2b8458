"""The endpoints, on both kinds of API, sync and async."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import AsyncClient, Client

from ninja_boost_health import CheckFailed, is_draining, register_check, unregister_check
from ninja_boost_health import drain as drain_module
from ninja_boost_health.drain import drain, drain_file, undrain

ROOTS = ["/api/health", "/auto/health"]


def wsgi(url, **kwargs):
    return Client().get(url, **kwargs)


def asgi(url, **kwargs):
    return asyncio.run(AsyncClient().get(url, **kwargs))


def body(response):
    """What the endpoint says, below an AutoAPI's envelope."""
    found = response.json()
    if found.get("ok") is False:
        assert found["code"] == response.status_code
        return found["details"]
    return found.get("data", found)


both = pytest.mark.parametrize("get", [wsgi, asgi])


@both
@pytest.mark.parametrize("root", ROOTS)
def test_the_four_of_them(get, root):
    for path in ("/live", "/ready", "/startup", "/"):
        response = get(root + path)
        assert response.status_code == 200, path
        assert body(response) == {"status": "ok"}
        assert response["Cache-Control"] == "no-store"


@both
@pytest.mark.parametrize("root", ROOTS)
def test_a_critical_check_that_fails(get, root):
    @register_check("warehouse")
    def warehouse():
        raise OSError("password=hunter2")

    for path in ("/ready", "/startup", "/"):
        response = get(root + path)
        assert response.status_code == 503
        assert body(response) == {"status": "unavailable"}
        assert response["Retry-After"] == "1"
        assert response["Cache-Control"] == "no-store"
    assert get(root + "/live").status_code == 200


def test_one_that_is_not_critical_degrades():
    @register_check("mail", critical=False)
    async def mail():
        return False

    response = wsgi("/api/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "degraded"})


def test_startup_latches(health):
    health(CACHE_TIME=0)
    ok = [False]
    register_check("slow start")(lambda: ok[0])
    assert wsgi("/api/health/startup").status_code == 503
    ok[0] = True
    assert wsgi("/api/health/startup").status_code == 200
    ok[0] = False
    assert wsgi("/api/health/startup").status_code == 200
    assert wsgi("/api/health/ready").status_code == 503


@pytest.fixture
def failing():
    @register_check("warehouse")
    def warehouse():
        raise OSError("password=hunter2")

    @register_check("stock", critical=False)
    def stock():
        raise CheckFailed("Nothing left.")


EXPECTED = {
    "warehouse": {"status": "failed", "critical": True, "detail": "OSError"},
    "stock": {"status": "failed", "critical": False, "detail": "CheckFailed: Nothing left."},
}


def details(response):
    found = response.json().get("checks")
    if found is None:
        return None
    assert all(check.pop("duration_ms") >= 0 for check in found.values())
    return found


@both
def test_details_under_debug(get, failing, settings):
    settings.DEBUG = True
    assert details(get("/api/health/")) == EXPECTED


@both
def test_details_for_listed_networks(get, failing, health):
    health(NETWORKS=("10.0.0.0/8",))
    assert details(get("/api/health/", headers={"X-Forwarded-For": "10.1.2.3"})) is None
    health(NETWORKS=("10.0.0.0/8", "127.0.0.0/8"))
    assert details(get("/api/health/")) == EXPECTED


@pytest.mark.django_db
@pytest.mark.parametrize(("flags", "sees"), [({}, False), ({"is_staff": True}, True)])
def test_details_for_staff(failing, flags, sees):
    client = Client()
    client.force_login(User.objects.create_user("ada", **flags))
    assert (details(client.get("/api/health/")) == EXPECTED) is sees


@pytest.mark.django_db
def test_an_inactive_account_is_nobody(failing):
    user = User.objects.create_user("ada", is_staff=True)
    client = Client()
    client.force_login(user)
    User.objects.update(is_active=False)
    assert details(client.get("/api/health/")) is None


@pytest.mark.django_db(transaction=True)
def test_the_built_in_checks(health, settings):
    settings.DEBUG = True
    health(CHECKS=("database", "cache", "migrations"))
    response = wsgi("/api/health/ready")
    assert response.status_code == 200, response.json()
    assert set(response.json()["checks"]) == {"database", "cache", "migrations"}


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_waits(health, settings):
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    settings.DEBUG = True
    health(CHECKS=("migrations",))
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("auth", "0012_alter_user_first_name_max_length")
    try:
        check = wsgi("/api/health/").json()["checks"]["migrations"]
    finally:
        recorder.record_applied("auth", "0012_alter_user_first_name_max_length")
    assert check["detail"] == (
        "CheckFailed: 1 migrations of 'default' wait: auth.0012_alter_user_first_name_max_length"
    )


def test_a_cache_that_is_away(health, settings):
    settings.DEBUG = True
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    health(CHECKS=("cache",), TIMEOUT=60)
    response = wsgi("/api/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["cache"]["detail"] == "ConnectionError"


@both
def test_a_flood_of_probes_costs_one_check(get):
    runs = []

    @register_check("counted", cache_time=60)
    def counted():
        runs.append(1)
        time.sleep(0.1)

    threads = [threading.Thread(target=get, args=("/api/health/ready",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert get("/api/health/ready").status_code == 200
    assert len(runs) == 1


@both
def test_a_check_that_hangs_is_bounded_and_not_started_again(get, settings):
    settings.DEBUG = True  # no result is used again
    let_go, runs = threading.Event(), []

    @register_check("hangs", timeout=0.2)
    def hangs():
        runs.append(1)
        let_go.wait(30)

    register_check("quick")(lambda: None)
    for _ in range(3):
        response = get("/api/health/ready")
        assert response.status_code == 503
        checks = response.json()["checks"]
        assert checks["hangs"]["detail"] == "No answer within 0.2 s."
        assert checks["quick"]["status"] == "ok"
    assert len(runs) == 1
    let_go.set()
    while get("/api/health/ready").status_code == 503:
        time.sleep(0.01)
    assert get("/api/health/ready").status_code == 200
    assert len(runs) > 1


def test_the_log_says_when_a_check_begins_and_ends_to_fail(health, caplog):
    health(CACHE_TIME=0)
    ok = [False, False, True, True]
    register_check("flaky")(lambda: ok.pop(0))
    with caplog.at_level("INFO", "ninja_boost.health"):
        for _ in range(4):
            wsgi("/api/health/ready")
    assert [record.getMessage() for record in caplog.records if "flaky" in record.getMessage()] == [
        "The check 'flaky' fails: CheckFailed: It returned False.",
        "The check 'flaky' is well again.",
    ]


def test_one_name_one_check():
    def first(): ...

    register_check("name")(first)
    register_check("name", critical=False)(first)
    with pytest.raises(ValueError, match="There is a check 'name' already"):
        register_check("name")(lambda: None)
    assert unregister_check("name")
    assert not unregister_check("name")
    with pytest.raises(TypeError, match="cannot be called"):
        register_check("name")(3)
    with pytest.raises(ValueError, match="negative"):
        register_check("name", timeout=-1)


@both
def test_draining(get, capsys):
    call_command("boost_drain")
    assert str(drain_file()) in capsys.readouterr().out
    response = get("/api/health/ready")
    assert (response.status_code, response.json()) == (503, {"status": "draining"})
    assert get("/api/health/live").status_code == 200
    call_command("boost_drain", undo=True)
    assert get("/api/health/ready").status_code == 200
    call_command("boost_drain", undo=True)
    assert "nothing to undo" in capsys.readouterr().out


def test_processes_started_later_do_not_drain(monkeypatch):
    drain()
    assert is_draining()
    monkeypatch.setattr(drain_module, "_started", time.time() + 1)
    assert not is_draining()
    assert undrain()


def test_only_a_file_of_our_own_is_believed(tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.write_text("{}")
    drain_file().symlink_to(other)
    assert not is_draining()
    # drain() puts its file in the place of the link, and never writes through it.
    drain()
    assert is_draining()
    assert other.read_text() == "{}"
    monkeypatch.setattr("os.geteuid", lambda: 4711)
    if drain_file().stat().st_uid != 0:
        assert not is_draining()


def test_a_drain_file_that_cannot_be_written(health, tmp_path):
    health(DRAIN_FILE=str(tmp_path / "missing" / "file"))
    with pytest.raises(CommandError, match="Set DRAIN_FILE"):
        call_command("boost_drain")


def test_an_unknown_alias_is_a_system_check_error(health):
    health(DATABASES=("replica",), CACHES=("default",))
    found = [message for message in run_checks() if message.id == "ninja_boost_health.E001"]
    assert [message.hint for message in found] == ["Name one of 'default'."]


def test_probes_are_in_the_document():
    paths = Client().get("/api/openapi.json").json()["paths"]
    assert set(paths["/api/health/ready"]["get"]["responses"]) >= {"200", "503"}
    assert not paths["/api/health/ready"]["get"].get("security")
