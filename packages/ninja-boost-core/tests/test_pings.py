"""What ``boost_doctor`` asks, how it asks, and what it shows."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from importlib.metadata import version
from io import StringIO

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_core import AutoAPI, AutoRouter, Feature, Hook, attach, features
from ninja_boost_core.doctor import ask, find_pings
from ninja_boost_core.management.commands.boost_doctor import Command
from ninja_boost_core.pings import (
    Ping,
    PingFailed,
    describe_cache,
    probe_cache,
    probe_migrations,
    redacted,
    served_hooks,
)

from .conftest import rediscover
from .support import serving

LOCMEM = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "pings"}


class Toy(Feature):
    name = "toy"
    distribution = "ninja-boost-toy"

    def __init__(self, *pings):
        self.found = pings

    def pings(self):
        for ping in self.found:
            if isinstance(ping, Exception):
                raise ping
            yield ping


class Entry:
    name, value = "toy", "toy:feature"

    def __init__(self, feature):
        self.load = lambda: feature


@pytest.fixture
def toy(monkeypatch):
    """Install a feature with the given pings."""

    def install(*pings):
        monkeypatch.setattr(features, "entry_points", lambda group: [Entry(Toy(*pings))])
        rediscover()

    yield install
    monkeypatch.undo()
    rediscover()


@pytest.fixture
def databases(monkeypatch, tmp_path, django_db_setup, django_db_blocker):
    """DATABASES of a test, whose connections are really closed: those in memory never are."""

    def use(**names):
        sqlite = {"ENGINE": "django.db.backends.sqlite3"}
        aliases = {alias: {**sqlite, "NAME": str(tmp_path / name)} for alias, name in names.items()}
        chosen = connections.configure_settings({**aliases, "unused": {}})
        monkeypatch.setattr(connections, "settings", chosen)

    use(default="file.sqlite3")
    with django_db_blocker.unblock():
        yield use


def broken(error):
    def probe():
        raise error

    return probe


def report(**options):
    """The lines that the command writes, and how it ends."""
    out, end = StringIO(), None
    # Not the five seconds of an operator: the machine of the tests may be busy.
    options.setdefault("timeout", 60)
    try:
        call_command("boost_doctor", stdout=out, no_color=True, **options)
    except CommandError as error:
        end = str(error)
    return out.getvalue().splitlines(), end


def rows(lines):
    """Word, name and detail by the name of the ping; a hint follows its row."""
    return {line[6:].partition("  ")[0]: line for line in lines if line[:4].strip()}


def test_a_feature_asks_nothing_by_itself():
    assert list(Feature().pings()) == []


def test_the_table(toy, databases):
    toy(
        Ping("kettle", lambda: "boils"),
        Ping("pot", lambda: None, "Not shown, for it is well."),
        Ping("lid", broken(PingFailed("It does not fit.")), "Look for another."),
        Ping("cup", broken(PingFailed("It has a crack.", "Glue it.")), "Look for another."),
        Ping("tea", broken(ConnectionError("no answer\n  from the garden"))),
        Ping("milk", broken(KeyError())),
    )
    lines, end = report()
    assert end == "4 of 8 pings failed."
    found = rows(lines)
    assert list(found) == [
        "system checks",
        "database: default",
        *("kettle", "pot", "lid", "cup", "tea", "milk"),
    ]
    assert {name: line[:4].strip() for name, line in found.items()} == {
        **dict.fromkeys(["system checks", "database: default", "kettle", "pot"], "ok"),
        **dict.fromkeys(["lid", "cup", "tea", "milk"], "FAIL"),
    }
    assert found["kettle"].endswith(" ms  boils")
    assert found["pot"].endswith(" ms")
    assert found["database: default"].rpartition(" ")[2].endswith("file.sqlite3")
    assert found["tea"].endswith(" ms  ConnectionError: no answer from the garden")
    assert found["milk"].endswith(" ms  KeyError")
    assert lines[lines.index(found["lid"]) + 1] == "      Look for another."
    assert lines[lines.index(found["cup"]) + 1] == "      Glue it."
    assert not any("Not shown" in line for line in lines)


class Unusable(ImproperlyConfigured):
    """As the errors of wrong settings are."""

    hint = "Set KETTLE."

    def __str__(self):
        return f"KETTLE is not set. {self.hint}"


def test_a_hint_in_the_error_is_shown_once(toy, databases):
    toy(Ping("kettle", broken(Unusable()), "Buy one."), Unusable())
    lines, _ = report()
    assert rows(lines)["kettle"].endswith(" ms  KETTLE is not set.")
    assert rows(lines)["toy"].endswith(" ms  KETTLE is not set.")
    assert [line.strip() for line in lines if line.startswith("    ")] == ["Set KETTLE."] * 2


def test_warnings_of_the_system_checks(toy, databases):
    with override_settings(NINJA_BOOST={"DISABLED_FEATURES": ["nobody"]}):
        assert rows(report()[0])["system checks"].endswith(" ms  1 warning")


def test_all_is_well(toy, databases):
    toy(Ping("kettle", lambda: "boils"))
    assert report()[1] is None


def test_json_and_versions(toy, databases):
    toy(Ping("lid", broken(PingFailed("It does not fit.")), "Look for another."))
    lines, end = report(format="json")
    assert end == "1 of 3 pings failed."
    written = json.loads("\n".join(lines))
    lid = written["pings"][-1]
    assert lid.pop("milliseconds") >= 0
    assert lid == {
        "name": "lid",
        "ok": False,
        "hung": False,
        "detail": "It does not fit.",
        "hint": "Look for another.",
    }
    assert [ping["ok"] for ping in written["pings"]] == [True, True, False]
    assert written["versions"]["ninja-boost-core"] == version("ninja-boost-core")
    assert {"Python", "django", "django-ninja", "pydantic"} < written["versions"].keys()
    table, _ = report(versions=True)
    assert ["django", version("django")] in [line.split() for line in table]


def test_what_hangs_holds_nobody_up(toy, databases):
    hold = threading.Event()
    toy(Ping("well", lambda: "deep"), Ping("queue", lambda: hold.wait(), "Go home."))
    try:
        lines, end = report(timeout=2)
    finally:
        hold.set()
    assert end == "1 of 4 pings failed."
    found = rows(lines)
    assert found["well"].startswith("ok")
    assert found["queue"].endswith("  No answer within 2 s.")
    assert lines[-1] == "      Go home."


def test_the_process_ends_although_a_worker_does_not():
    """A thread of a pool, such as async code uses for sync code, would keep Python from ending."""
    script = """
import time
from concurrent.futures import ThreadPoolExecutor
import django
from django.conf import settings
from django.core.management import execute_from_command_line
settings.configure(SECRET_KEY="x", INSTALLED_APPS=["ninja_boost_core"])
django.setup()
from ninja_boost_core import Feature, features
from ninja_boost_core.pings import Ping

class Stuck(Feature):
    name, distribution = "stuck", "ninja-boost-stuck"

    def pings(self):
        yield Ping("worker", lambda: ThreadPoolExecutor().submit(time.sleep, 600).result())

class Entry:
    name, value, load = "stuck", "stuck:feature", lambda self: Stuck()

features.entry_points = lambda group: [Entry()]
execute_from_command_line(["manage.py", "boost_doctor", "--timeout", "0.5", "--no-color"])
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "No answer within 0.5 s." in ended.stdout
    assert ended.stderr.strip() == "CommandError: 1 of 2 pings failed."


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon"])
def test_a_timeout_that_is_none(text):
    with pytest.raises(CommandError, match="no positive number of seconds"):
        call_command("boost_doctor", f"--timeout={text}")


def test_nothing_shows_a_secret(toy, databases):
    url = "redis://app:hunter2@cache.example:6379/0"
    toy(
        Ping("detail", lambda: f"at {url}"),
        Ping("error", broken(ConnectionError(f"{url} refused")), f"See to {url}"),
    )
    for options in ({}, {"format": "json"}):
        lines, _ = report(**options)
        text = "\n".join(lines)
        assert "hunter2" not in text
        assert text.count("redis://***@cache.example:6379/0") == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("amqp://guest:p@ss/w0rd@mq:5672//", "amqp://***@mq:5672//"),
        ("redis://:pa'ss@h, and more", "redis://***@h, and more"),
        ("https://h/x?token=abc&size=5", "https://h/x?token=***&size=5"),
        ("host=db password='a b' user=me", "host=db password=*** user=me"),
        ("{'PASSWORD': 'a b', 'HOST': 'db'}", "{'PASSWORD': ***, 'HOST': 'db'}"),
        ('{"api_key": "abc"}', '{"api_key": ***}'),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("no user for eyJhbGciOi.eyJ1c2V.c2ln here", "no user for *** here"),
        ("https://example.org/path: refused", "https://example.org/path: refused"),
        ("JWT_SECRET_KEY is not set", "JWT_SECRET_KEY is not set"),
        ("password authentication failed for user", "password authentication failed for user"),
    ],
)
def test_what_is_redacted(text, shown):
    assert redacted(text) == shown


@given(
    before=st.text(st.characters(exclude_categories=["Z", "C"])),
    after=st.text(st.characters(exclude_categories=["Z", "C"])),
)
def test_no_password_gets_out_of_a_url(before, after):
    text = f"Error with redis://app:{before}hunter2{after}@host:6379/0 and others"
    assert "hunter2" not in redacted(text)
    assert redacted(text).endswith("host:6379/0 and others")


def test_a_long_detail_is_cut(toy, databases):
    toy(Ping("essay", lambda: "word " * 500))
    lines, _ = report()
    assert lines[-1].endswith("…")
    assert len(lines[-1]) < 400


def test_a_feature_that_cannot_say_what_to_ask(toy, databases):
    toy(Ping("kettle", lambda: "boils"), LookupError("no such teapot"))
    lines, end = report()
    assert end == "1 of 4 pings failed."
    assert rows(lines)["kettle"].startswith("ok")
    assert rows(lines)["toy"].endswith("LookupError: no such teapot")


@pytest.mark.parametrize(
    ("settings", "name", "text"),
    [
        ({"NINJA_BOOST": {"ERORS": "x"}}, "system checks", "ninja_boost_core.E001"),
        ({"ROOT_URLCONF": "tests.nothing_here"}, "URLs", "ModuleNotFoundError"),
    ],
)
def test_a_broken_project_is_told_of(settings, name, text, toy, databases):
    toy(Ping("kettle", lambda: "boils"))
    with override_settings(**settings):
        lines, end = report()
    assert end is not None
    found = rows(lines)
    assert found[name].startswith("FAIL")
    assert text in found[name]
    assert found["database: default"].startswith("ok")
    assert "kettle" not in found


def test_disabled_features_are_not_asked(toy, databases):
    toy(Ping("kettle", lambda: "boils"))
    with override_settings(NINJA_BOOST={"DISABLED_FEATURES": ["toy"]}):
        assert "kettle" not in rows(report()[0])


def test_a_dead_database(databases):
    databases(default="file.sqlite3", lost="nowhere/file.sqlite3")
    lines, end = report()
    assert end == "1 of 3 pings failed."
    assert "OperationalError: unable to open database file" in rows(lines)["database: lost"]
    assert "DATABASES['lost']" in lines[-1]


def test_connections_are_closed(databases):
    seen = []

    def probe():
        with connections["default"].cursor():
            seen.append(connections["default"])
            assert seen[0].connection is not None

    assert ask([Ping("database", probe)], 5)[0].ok
    assert seen[0].connection is None


class Forgetful(LocMemCache):
    def get(self, *args, **kwargs):
        return None


class Overwriting(LocMemCache):
    def add(self, *args, **kwargs):
        self.set(*args, **kwargs)
        return True


class Uncounting(LocMemCache):
    def incr(self, *args, **kwargs):
        return 1


class Down(LocMemCache):
    def set(self, *args, **kwargs):
        raise ConnectionError("Error 111 connecting to redis://:hunter2@h:1")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("Forgetful", "does not keep what is written to it"),
        ("Overwriting", "replaces what is there"),
        ("Uncounting", "does not count"),
        ("Down", "ConnectionError: Error 111 connecting to redis://***@h:1"),
    ],
)
def test_a_cache_that_does_not_work(kind, text, databases):
    caches = {"default": LOCMEM, "poor": {"BACKEND": f"{__name__}.{kind}"}}
    with override_settings(CACHES=caches):
        lines, end = report()
    assert end == "1 of 4 pings failed."
    assert rows(lines)["cache: default"].endswith("LocMemCache: each process has its own")
    assert text in rows(lines)["cache: poor"]
    assert "CACHES['poor']" in lines[-1]


def test_caches_that_are_none(databases, tmp_path):
    backends = "django.core.cache.backends"
    caches = {
        "default": {"BACKEND": f"{backends}.dummy.DummyCache"},
        "file": {"BACKEND": f"{backends}.filebased.FileBasedCache", "LOCATION": str(tmp_path)},
    }
    assert "cache: default" not in [ping.name for ping in find_pings()]
    with override_settings(CACHES=caches):
        assert probe_cache("default") == "DummyCache: keeps nothing"
        assert probe_cache("file") == f"FileBasedCache {tmp_path}"
        assert not list(tmp_path.glob("*.djcache"))
    redis = {"BACKEND": f"{backends}.redis.RedisCache", "LOCATION": ["redis://:a@h", "redis://i"]}
    with override_settings(CACHES={"default": redis}):
        assert describe_cache("default") == "RedisCache redis://***@h redis://i"


def test_migrations(databases):
    databases(default="file.sqlite3", other="other.sqlite3")
    try:
        with pytest.raises(PingFailed, match=r"auth are not applied to 'other': 0001_initial") as e:
            probe_migrations("auth", "other")
        assert e.value.hint == "Run: manage.py migrate auth --database other"
        call_command("migrate", "auth", database="other", verbosity=0)
        probe_migrations("auth", "other")
    finally:
        connections["other"].close()


class Mark(Hook):
    def before_view(self, call): ...


class Absent(Mark):
    def bind(self, operation):
        return None


def test_hooks_in_use():
    api, router = AutoAPI(urls_namespace="pings"), AutoRouter()
    mark, absent = Mark(), Absent()
    router.get("/marked")(attach(mark)(lambda request: None))
    router.get("/absent")(attach(absent)(lambda request: None))
    api.add_router("", router)
    with serving(api=api):
        assert list(served_hooks(Mark)) == [mark]
        assert list(served_hooks(Absent)) == []
    with serving():
        assert list(served_hooks(Mark)) == []
    with override_settings():
        from django.conf import settings

        del settings.ROOT_URLCONF
        assert list(served_hooks(Mark)) == []


def test_the_command_needs_no_checks_to_pass():
    assert Command.requires_system_checks == ()
