"""What ``boost_doctor`` asks about the logs."""

from __future__ import annotations

import logging
import os

import pytest

from ninja_boost_core.doctor import ask
from ninja_boost_logging import StructuredJsonFormatter, StructuredVerboseFormatter
from ninja_boost_logging._feature import feature


def answers():
    return {found.name: found for found in ask(list(feature.pings()), 10)}


@pytest.fixture
def handled():
    """Give a handler to a logger, with a formatter of ours."""
    given = []

    def give(handler, name="ninja_boost", formatter=StructuredJsonFormatter):
        logger = logging.getLogger(name)
        handler.setFormatter(formatter())
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        given.append((logger, handler))

    yield give
    for logger, handler in given:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
        handler.close()


def test_only_what_is_used():
    assert answers() == {}


def test_all_is_well(handled, capsys):
    handler = logging.StreamHandler()
    handler.set_name("console")
    handled(handler)
    handled(logging.StreamHandler(), "app", StructuredVerboseFormatter)
    handled(handler, "app")
    found = answers()
    assert all(each.ok for each in found.values()), found
    assert {name: each.detail for name, each in found.items()} == {
        "logging: access log": "",
        "logging: console": "StructuredJsonFormatter",
        "logging: StreamHandler": "StructuredVerboseFormatter",
    }
    assert capsys.readouterr().err == ""


def test_an_access_log_that_nobody_writes(settings, handled):
    settings.NINJA_BOOST = {"LOGGING": {"MAX_ITEMS": 50}}
    (found,) = answers().values()
    assert found.detail == "The logger 'ninja_boost.access' drops the line of each request."
    assert "'ninja_boost.access'" in found.hint
    settings.NINJA_BOOST = {"LOGGING": {"ACCESS_LOG": False}}
    assert answers() == {}
    settings.NINJA_BOOST = {}
    handled(logging.StreamHandler(), "app")
    assert not answers()["logging: access log"].ok


def test_a_file(handled, tmp_path, monkeypatch):
    file = tmp_path / "app.log"
    handler = logging.FileHandler(file, delay=True)
    handled(handler)
    found = answers()["logging: FileHandler"]
    assert found.ok
    assert found.detail == f"StructuredJsonFormatter {file}"
    assert not file.exists()
    # Root may write anywhere, so it is the answer of the system that is replaced.
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(tmp_path))
    found = answers()["logging: FileHandler"]
    assert found.detail == f"{file} cannot be written to by this user."
    assert "'FileHandler'" in found.hint


def test_an_access_log_without_a_handler(settings, monkeypatch):
    settings.NINJA_BOOST = {"LOGGING": {"MAX_ITEMS": 50}}
    logger = logging.getLogger("ninja_boost.access")
    logger.setLevel(logging.INFO)
    try:
        assert answers()["logging: access log"].ok
        monkeypatch.setattr(logger, "propagate", False)
        assert not answers()["logging: access log"].ok
    finally:
        logger.setLevel(logging.NOTSET)


class Mute(StructuredJsonFormatter):
    def line(self, record):
        raise ZeroDivisionError


def test_a_formatter_that_cannot_write(handled):
    handled(logging.StreamHandler(), formatter=Mute)
    assert answers()["logging: StreamHandler"].detail == "Mute cannot write a line."
