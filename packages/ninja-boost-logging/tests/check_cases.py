"""How each system check of this package is brought about and put right."""

import logging
from logging.config import DictConfigurator

from django.core.signals import setting_changed

LOGGING = {
    "version": 1,
    "formatters": {"json": {"()": "ninja_boost_logging.StructuredJsonFormatter"}},
}


def configure(*, setting, value, enter, **kwargs):
    """Have a handler with the formatter of LOGGING, as Django would at its start."""
    if setting == "LOGGING":
        logger = logging.getLogger("tests.check_cases")
        logger.handlers.clear()
        if enter:
            handler = logging.NullHandler()
            config = dict(value["formatters"]["json"])
            formatter = DictConfigurator(value).configure_formatter(config)
            handler.setFormatter(formatter)
            logger.addHandler(handler)


setting_changed.connect(configure)

CASES = [
    (
        "ninja_boost_logging.W001",
        {"LOGGING": LOGGING, "MIDDLEWARE": []},
        "Add 'ninja_boost_logging.LoggingMiddleware'",
        {"MIDDLEWARE": ["ninja_boost_logging.LoggingMiddleware"]},
    ),
    (
        "ninja_boost_logging.W002",
        {"NINJA_BOOST": {"LOGGING": {"REDACT": False}}},
        "Remove REDACT; LOGGING.REVEAL_KEYS names what is harmless.",
        {"NINJA_BOOST": {"LOGGING": {"REVEAL_KEYS": ["session_id"]}}},
    ),
]
