"""The settings section and the system checks."""

import logging
from importlib import import_module

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from ninja_boost_core.conf import boost_settings
from ninja_boost_logging.settings import LoggingSettings


def ids(*, deploy=False):
    found = run_checks(include_deployment_checks=deploy)
    return [each.id for each in found if "ninja_boost" in each.id]


def test_defaults():
    options = boost_settings.section(LoggingSettings).LOGGING
    assert options.ACCESS_LOG
    assert options.REDACT
    assert options.MAX_LENGTH == 8192


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"REDACT_KEY": ["x"]}, "REDACT_KEYS"),
        ({"REDACT_KEYS": ["--"]}, "REDACT_KEYS"),
        ({"REDACT_KEYS": "iban"}, "REDACT_KEYS"),
        ({"REDACT_PATTERNS": ["("]}, "REDACT_PATTERNS"),
        ({"REDACT_PATTERNS": ["a*"]}, "REDACT_PATTERNS"),
        ({"MAX_LENGTH": 1}, "MAX_LENGTH"),
        ({"MAX_DEPTH": 1000}, "MAX_DEPTH"),
        ({"ACCESS_LOG": "perhaps"}, "ACCESS_LOG"),
    ],
)
def test_a_wrong_setting_is_named(settings, wrong, named):
    import_module("tests.urls")  # An AutoRouter asks for the settings.
    settings.NINJA_BOOST = {"LOGGING": wrong}
    with pytest.raises(ImproperlyConfigured, match=named):
        boost_settings.section(LoggingSettings)
    assert ids() == ["ninja_boost_core.E001"]
    assert "ninja_boost_core.E001" in ids(deploy=True)


def test_no_message_when_all_is_well(lines):
    assert ids() == []


def test_a_formatter_without_a_middleware(lines, settings):
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "no.such.middleware"]
    assert ids() == ["ninja_boost_logging.W001"]
    settings.MIDDLEWARE = ["ninja_boost_logging.LoggingMiddleware"]
    assert ids() == []


def test_other_formatters_need_no_middleware(settings):
    settings.MIDDLEWARE = []
    assert not any(
        type(handler.formatter).__module__.startswith("ninja_boost")
        for handler in logging.getLogger().handlers
    )
    assert ids() == []


def test_no_redaction_in_production(settings):
    settings.NINJA_BOOST = {"LOGGING": {"REDACT": False}}
    assert "ninja_boost_logging.W002" not in ids()
    assert "ninja_boost_logging.W002" in ids(deploy=True)
