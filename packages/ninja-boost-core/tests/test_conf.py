"""Settings: typed, validated as a whole, and never read while they are wrong."""

import gc
import subprocess
import sys
import textwrap
import threading
import weakref
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from pydantic import AliasChoices, Field, field_validator

from ninja_boost_core.conf import (
    BoostSettings,
    CoreSettings,
    ObjectOrPath,
    Problem,
    SettingsSection,
    boost_settings,
)


class HeaderOptions(SettingsSection):
    HSTS_MAX_AGE: int = Field(
        default=60, validation_alias=AliasChoices("HSTS_MAX_AGE", "HSTS_SECONDS")
    )


class LimitOptions(SettingsSection):
    DEFAULT: str | None = None
    BACKEND: ObjectOrPath = "math.floor"
    BURST: int | list[int] | None = None
    SIGNING_KEY: str | None = None

    @field_validator("SIGNING_KEY")
    @classmethod
    def _long(cls, value: str | None) -> str | None:
        if value is not None and len(value) < 32:
            raise ValueError(f"{value} is too short")
        return value


class Sample(SettingsSection):
    RATE_LIMIT: LimitOptions = LimitOptions()
    SECURITY_HEADERS: HeaderOptions = HeaderOptions()
    PLUGINS: list[ObjectOrPath] = Field(default=[])
    ZONES: dict[str, LimitOptions] = Field(default={})
    CHAIN: list[LimitOptions] = Field(default=[])


@pytest.fixture
def fresh() -> BoostSettings:
    """Settings of a process that also has the sample feature."""
    settings = BoostSettings()
    settings.register(Sample, owner="ninja-boost-sample")
    return settings


def problems_with(settings: BoostSettings, value: Any) -> list[str]:
    settings.reload()
    with override_settings(NINJA_BOOST=value):
        return [str(problem) for problem in settings.find_problems()]


# Reading


def test_everything_has_a_default(fresh: BoostSettings):
    assert fresh.find_problems() == []
    core = fresh.section(CoreSettings)
    assert core.AUTH == "ninja_boost_core.security.BearerTokenAuth"
    assert core.RESPONSE_WRAPPER == "ninja_boost_core.responses.wrap_response"
    assert core.DI == "ninja_boost_core.dependencies.inject_context"
    assert core.ERRORS == "envelope"
    assert core.ALLOW_DEMO_AUTH is False
    assert core.TRUSTED_PROXIES == ()
    assert core.TRUSTED_PROXY_HOPS is None
    assert not core.DISABLED_FEATURES


def test_partial_dictionaries_are_completed(fresh: BoostSettings):
    with override_settings(NINJA_BOOST={"RATE_LIMIT": {"DEFAULT": "3/minute"}}):
        limits = fresh.section(Sample).RATE_LIMIT
        assert (limits.DEFAULT, limits.BURST) == ("3/minute", None)
        assert fresh.section(CoreSettings).ERRORS == "envelope"


def test_a_section_is_the_same_object_until_the_settings_change(fresh: BoostSettings):
    first = fresh.section(Sample)
    assert fresh.section(Sample) is first
    fresh.reload()
    assert fresh.section(Sample) is not first


def test_override_settings_is_followed_and_undone():
    with override_settings(NINJA_BOOST={"ERRORS": "problem"}):
        assert boost_settings.ERRORS == "problem"
        assert boost_settings.section(CoreSettings).ERRORS == "problem"
    assert boost_settings.ERRORS == "envelope"


def test_other_settings_are_none_of_our_business():
    generation = boost_settings.generation
    with override_settings(LANGUAGE_CODE="fr"):
        assert boost_settings.generation == generation


def test_attributes_give_imported_objects(fresh: BoostSettings):
    with override_settings(NINJA_BOOST={"AUTH": "math.ceil", "PLUGINS": ["math.floor", len]}):
        import math

        assert fresh.AUTH is math.ceil
        plugins = fresh.PLUGINS
        assert plugins == [math.floor, len]
        assert fresh.section(CoreSettings).AUTH == "math.ceil"
        assert fresh.section(Sample).RATE_LIMIT.resolve("BACKEND") is math.floor


def test_an_object_and_none_are_given_as_they_are(fresh: BoostSettings):
    with override_settings(NINJA_BOOST={"AUTH": len, "RESPONSE_WRAPPER": None}):
        assert fresh.AUTH is len
        assert fresh.RESPONSE_WRAPPER is None


def test_either_spelling_of_an_aliased_key(fresh: BoostSettings):
    for key in ("HSTS_MAX_AGE", "HSTS_SECONDS"):
        fresh.reload()
        with override_settings(NINJA_BOOST={"SECURITY_HEADERS": {key: 5}}):
            assert fresh.SECURITY_HEADERS.HSTS_MAX_AGE == 5


def test_an_unknown_attribute_suggests_a_key(fresh: BoostSettings):
    with pytest.raises(AttributeError, match=r"no key 'RATE_LIMITS'\. Did you mean 'RATE_LIMIT'"):
        _ = fresh.RATE_LIMITS
    with pytest.raises(AttributeError, match="no attribute 'auth'"):
        _ = fresh.auth


def test_sections_are_frozen(fresh: BoostSettings):
    with pytest.raises(ValueError, match="frozen"):
        fresh.section(CoreSettings).ERRORS = "problem"  # type: ignore[misc]


# Dotted paths


def test_an_import_is_done_once(fresh: BoostSettings, monkeypatch: pytest.MonkeyPatch):
    import math

    with override_settings(NINJA_BOOST={"AUTH": "math.ceil"}):
        first = fresh.AUTH
        monkeypatch.setattr(math, "ceil", len)
        assert fresh.AUTH is first
        fresh.reload()
        assert fresh.AUTH is len


def test_a_default_section_forgets_its_imports_on_reload(
    fresh: BoostSettings, monkeypatch: pytest.MonkeyPatch
):
    import math

    assert fresh.section(Sample).RATE_LIMIT.resolve("BACKEND") is math.floor
    monkeypatch.setattr(math, "floor", len)
    fresh.reload()
    assert fresh.section(Sample).RATE_LIMIT.resolve("BACKEND") is len


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere.at.all", "ModuleNotFoundError: No module named 'nowhere'"),
        ("math.nothing", 'ImportError: Module "math" does not define a "nothing"'),
        ("ninja_boost.made_up.Thing", "ModuleNotFoundError: No module named 'ninja_boost"),
    ],
)
def test_a_failing_import_names_key_path_and_reason(fresh: BoostSettings, path: str, reason: str):
    with override_settings(NINJA_BOOST={"RATE_LIMIT": {"BACKEND": path}}):
        with pytest.raises(ImproperlyConfigured) as caught:
            fresh.section(Sample).RATE_LIMIT.resolve("BACKEND")
        assert f"RATE_LIMIT.BACKEND is {path!r}" in str(caught.value)
        assert reason in str(caught.value)
        assert isinstance(caught.value.__cause__, ImportError)
        assert fresh.find_problems() == []
        assert "RATE_LIMIT.BACKEND" in [p.key for p in fresh.find_problems(imports=True)]


def test_a_module_that_breaks_while_it_is_imported(
    fresh: BoostSettings, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "broken_for_test.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    with (
        override_settings(NINJA_BOOST={"AUTH": "broken_for_test.Auth"}),
        pytest.raises(ImproperlyConfigured, match=r"AUTH is .*ZeroDivisionError"),
    ):
        _ = fresh.AUTH


def test_where_a_section_in_a_container_is(fresh: BoostSettings):
    value = {"ZONES": {"eu": {"BACKEND": "no.where"}}, "CHAIN": [{}, {"BACKEND": "no.how"}]}
    with override_settings(NINJA_BOOST=value):
        keys = {problem.key for problem in fresh.find_problems(imports=True)}
    assert {"ZONES.eu.BACKEND", "CHAIN.1.BACKEND"} <= keys


@pytest.fixture
def without_umbrella(monkeypatch: pytest.MonkeyPatch) -> None:
    real = __import__("importlib.util").util.find_spec
    monkeypatch.delitem(sys.modules, "ninja_boost", raising=False)
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "ninja_boost" else real(name)
    )


@pytest.mark.usefixtures("without_umbrella")
def test_paths_of_the_umbrella_work_without_it(fresh: BoostSettings):
    fresh.add_aliases({"ninja_boost.sample.ceil": "math.ceil"})
    with override_settings(NINJA_BOOST={"AUTH": "ninja_boost.sample.ceil"}):
        import math

        assert fresh.AUTH is math.ceil


def test_an_installed_umbrella_is_imported_from(
    fresh: BoostSettings, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
):
    package = tmp_path / "ninja_boost"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "sample.py").write_text("thing = 'from the umbrella'")
    for name in [name for name in sys.modules if name.partition(".")[0] == "ninja_boost"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    fresh.add_aliases({"ninja_boost.sample.thing": "math.ceil"})
    with override_settings(NINJA_BOOST={"AUTH": "ninja_boost.sample.thing"}):
        assert fresh.AUTH == "from the umbrella"
    for name in [name for name in sys.modules if name.partition(".")[0] == "ninja_boost"]:
        monkeypatch.delitem(sys.modules, name)


# Errors


@pytest.mark.parametrize("value", [None, [], "AUTH", 3])
def test_the_setting_must_be_a_dictionary(fresh: BoostSettings, value: Any):
    (problem,) = problems_with(fresh, value)
    assert "NINJA_BOOST is a" in problem
    assert "dictionary" in problem


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"AUHT": 1}, "AUHT is no known key. Did you mean 'AUTH'?"),
        ({"auth": 1}, "auth is no known key. Did you mean 'AUTH'?"),
        ({3: 1}, "3 is no known key. Remove 3."),
        (
            {"RATE_LIMIT": {"BACKNED": "x.y"}},
            "RATE_LIMIT.BACKNED is no known key. Did you mean 'BACKEND'?",
        ),
        (
            {"SECURITY_HEADERS": {"HSTS_SECOND": 1}},
            "SECURITY_HEADERS.HSTS_SECOND is no known key. Did you mean 'HSTS_SECONDS'?",
        ),
        (
            {"SECURITY_HEADERS": {"HSTS_SECONDS": 1, "HSTS_MAX_AGE": 2}},
            (
                "SECURITY_HEADERS.HSTS_SECONDS is another spelling of 'HSTS_MAX_AGE'. "
                "Keep one of them."
            ),
        ),
        (
            {"CHAIN": [{}, {"BURTS": 1}]},
            "CHAIN.1.BURTS is no known key. Did you mean 'BURST'?",
        ),
        (
            {"ZONES": {"eu": {"DEFAULTS": 1}}},
            "ZONES.eu.DEFAULTS is no known key. Did you mean 'DEFAULT'?",
        ),
    ],
)
def test_an_unknown_key_is_named_and_the_nearest_suggested(
    fresh: BoostSettings, value: Any, problem: str
):
    assert problems_with(fresh, value) == [problem]


def test_a_key_of_a_package_that_is_not_installed(
    fresh: BoostSettings, monkeypatch: pytest.MonkeyPatch
):
    real = __import__("importlib.util").util.find_spec
    absent = {"ninja_boost_jwt", "ninja_boost_audit"}
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name in absent else real(name)
    )
    for name in absent:
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert problems_with(fresh, {"JWT": {}, "AUDIT": {}}) == [
        f"{key} belongs to {name}, which is not installed. Install {name}, or remove {key}."
        for key, name in (("JWT", "ninja-boost-jwt"), ("AUDIT", "ninja-boost-audit"))
    ]


def test_a_key_of_a_package_whose_feature_was_not_found(
    fresh: BoostSettings, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "ninja_boost_queries.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    (problem,) = problems_with(fresh, {"QUERIES": {}})
    assert "QUERIES belongs to ninja-boost-queries, which is there but" in problem


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            {"ERRORS": "html"},
            "ERRORS is 'html' (str); expected 'envelope', 'problem' or 'ninja'.",
        ),
        ({"RATE_LIMIT": "x"}, "RATE_LIMIT is a value of type str; expected a dictionary."),
        (
            {"RATE_LIMIT": {"DEFAULT": [1]}},
            "RATE_LIMIT.DEFAULT is a value of type list; expected a valid string.",
        ),
        (
            {"RATE_LIMIT": {"BURST": "x"}},
            (
                "RATE_LIMIT.BURST is 'x' (str); expected a valid integer, unable to parse string "
                "as an integer or a valid list."
            ),
        ),
        (
            {"SECURITY_HEADERS": {"HSTS_SECONDS": None}},
            "SECURITY_HEADERS.HSTS_SECONDS is None; expected a valid integer.",
        ),
        ({"AUTH": 5}, "AUTH is 5 (int); expected a dotted path or the object itself."),
        (
            {"AUTH": "BearerAuth"},
            (
                "AUTH is 'BearerAuth' (str); expected a dotted path such as 'package.module.name', "
                "or the object itself."
            ),
        ),
        (
            {"TRUSTED_PROXIES": "10.0.0.0/8"},
            "TRUSTED_PROXIES is '10.0.0.0/8' (str); expected a valid list.",
        ),
        (
            {"TRUSTED_PROXIES": ["10.0.0.1/8"]},
            (
                "TRUSTED_PROXIES is a value of type list; expected networks such as '10.0.0.0/8', "
                "addresses or 'unix' (10.0.0.1/8 has host bits set)."
            ),
        ),
        (
            {"TRUSTED_PROXY_HOPS": 0},
            "TRUSTED_PROXY_HOPS is 0 (int); expected greater than or equal to 1.",
        ),
        (
            {"TRUSTED_PROXIES": ["::/0"]},
            (
                "TRUSTED_PROXY_HOPS is None; expected the number of proxies, because "
                "TRUSTED_PROXIES trusts every address."
            ),
        ),
    ],
)
def test_a_wrong_value_names_key_type_and_what_is_expected(
    fresh: BoostSettings, value: Any, problem: str
):
    assert problems_with(fresh, value) == [problem]


def test_every_address_may_be_trusted_within_a_number_of_hops(fresh: BoostSettings):
    value = {"TRUSTED_PROXIES": ["0.0.0.0/0", "unix"], "TRUSTED_PROXY_HOPS": 1}
    assert problems_with(fresh, value) == []


@pytest.mark.parametrize(
    "value",
    [
        {"RATE_LIMIT": {"SIGNING_KEY": "hunter2"}},
        {"RATE_LIMIT": {"SIGNING_KEY": ["hunter2"]}},
        {"RATE_LIMIT": "hunter2"},
        {"RATE_LIMIT": {"DEFAULT": {"PASSWORD": "hunter2"}}},
        {"RATE_LIMIT": {"BURST": "redis://:hunter2@host"}},
        {"CHAIN": "hunter2 and more than a word, as long as some keys are, with = and + in it"},
    ],
)
def test_a_secret_is_never_shown(fresh: BoostSettings, value: Any):
    problems = problems_with(fresh, value)
    assert problems
    assert "hunter2" not in "".join(problems)
    with override_settings(NINJA_BOOST=value), pytest.raises(ImproperlyConfigured) as caught:
        fresh.section(CoreSettings)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_required_key():
    class Strict(SettingsSection):
        NEEDED: int

    settings = BoostSettings()
    settings.register(Strict, owner="somebody")
    assert settings.find_problems() == [Problem("NEEDED", "is required.", "Give it a value.")]


def test_any_error_anywhere_stops_every_access(fresh: BoostSettings):
    with override_settings(NINJA_BOOST={"AUHT": 1, "RATE_LIMIT": {"BURST": "x"}}):
        for access in (
            lambda: fresh.AUTH,
            lambda: fresh.section(CoreSettings),
            lambda: fresh.section(Sample),
        ):
            with pytest.raises(ImproperlyConfigured) as caught:
                access()
            assert "AUHT" in str(caught.value)
            assert "RATE_LIMIT.BURST" in str(caught.value)


# Registration


def test_two_owners_of_one_key(fresh: BoostSettings):
    class Rival(SettingsSection):
        RATE_LIMIT: int = 1

    with pytest.raises(ImproperlyConfigured) as caught:
        fresh.register(Rival, owner="somebody-elses")
    assert "NINJA_BOOST['RATE_LIMIT']" in str(caught.value)
    assert "ninja-boost-sample" in str(caught.value)
    assert "somebody-elses" in str(caught.value)
    assert fresh.find_problems() == []


def test_registering_twice_changes_nothing(fresh: BoostSettings):
    before = fresh.section(Sample)
    fresh.register(Sample, owner="ninja-boost-sample")
    assert fresh.section(Sample) is before


def test_a_section_that_was_not_registered_is_when_it_is_asked_for():
    settings = BoostSettings()
    assert settings.section(Sample).RATE_LIMIT.DEFAULT is None
    assert settings.RATE_LIMIT.DEFAULT is None


def test_features_are_found_before_the_first_validation():
    settings = BoostSettings()
    calls = []

    def discover() -> None:
        calls.append(1)
        settings.register(Sample, owner="ninja-boost-sample")

    settings.discover_with(discover)
    with override_settings(NINJA_BOOST={"RATE_LIMIT": {"DEFAULT": "1/second"}}):
        assert settings.ERRORS == "envelope"
        assert settings.RATE_LIMIT.DEFAULT == "1/second"
    settings.reload()
    assert settings.find_problems() == []
    assert calls == [1]


def test_a_failing_discovery_is_tried_again():
    settings = BoostSettings()
    outcomes = [RuntimeError("broken feature"), None]

    def discover() -> None:
        if error := outcomes.pop(0):
            raise error

    settings.discover_with(discover)
    with pytest.raises(RuntimeError, match="broken feature"):
        settings.find_problems()
    assert settings.find_problems() == []
    assert outcomes == []


# Changes


def test_callbacks_hear_of_every_change(fresh: BoostSettings):
    heard: list[str] = []

    @fresh.on_change
    def listener() -> None:
        heard.append(fresh.ERRORS)

    fresh.on_change(listener)
    generation = fresh.generation
    with override_settings(NINJA_BOOST={"ERRORS": "ninja"}):
        fresh.reload()
    assert heard == ["ninja"]
    assert fresh.generation > generation


def test_the_signal_calls_the_callbacks():
    class Listener(list[str]):
        def changed(self) -> None:
            self.append(boost_settings.ERRORS)

    heard = Listener()
    boost_settings.on_change(heard.changed)
    with override_settings(NINJA_BOOST={"ERRORS": "ninja"}):
        pass
    assert heard == ["ninja", "envelope"]


def test_a_callback_that_raises_keeps_no_other_from_being_called(fresh: BoostSettings):
    heard: list[str] = []

    def fails() -> None:
        heard.append("fails")
        raise RuntimeError("boom")

    fresh.on_change(lambda: heard.append("first"))
    fresh.on_change(fails)
    fresh.on_change(lambda: heard.append("last"))
    with pytest.raises(RuntimeError, match="boom"):
        fresh.reload()
    assert heard == ["first", "fails", "last"]


def test_a_bound_method_does_not_keep_its_object_alive(fresh: BoostSettings):
    class Listener:
        calls = 0

        def changed(self) -> None:
            type(self).calls += 1

    listener = Listener()
    fresh.on_change(listener.changed)
    fresh.reload()
    alive = weakref.ref(listener)
    del listener
    gc.collect()
    assert alive() is None
    fresh.reload()
    assert Listener.calls == 1


def test_threads_share_one_validation(fresh: BoostSettings):
    barrier = threading.Barrier(8)
    found: list[CoreSettings] = []

    def read() -> None:
        barrier.wait()
        found.append(fresh.section(CoreSettings))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(section is found[0] for section in found)


def test_importing_needs_no_configured_django():
    code = """
        import ninja_boost_core.conf
        from django.conf import settings
        assert not settings.configured
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_reading_finds_the_features_whatever_was_imported():
    code = """
        import sys
        from ninja_boost_core.conf import boost_settings
        from django.conf import settings
        settings.configure()
        assert boost_settings.ERRORS == "envelope"
        from ninja_boost_core.features import installed_features
        assert installed_features.cache_info().currsize == 1
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
