"""Fixtures: the lines that the loggers of a test write."""

import logging

import pytest

from ninja_boost_logging import StructuredJsonFormatter, StructuredVerboseFormatter, clear_context
from tests.lines import Lines

LOGGERS = ("app", "ninja_boost")


def attached(formatter):
    handler = Lines(formatter)
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    yield handler
    for logger in loggers:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


@pytest.fixture
def lines():
    yield from attached(StructuredJsonFormatter())


@pytest.fixture
def verbose():
    yield from attached(StructuredVerboseFormatter())


@pytest.fixture(autouse=True)
def _no_context():
    clear_context()
    yield
    clear_context()
