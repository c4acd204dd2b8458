"""The keys of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from ninja_boost_core.conf import SettingsSection

__all__ = ["LoggingOptions", "LoggingSettings"]

HEALTH_ROUTES = ("*/health", "*/health/*", "/healthz", "/livez", "/readyz")


class LoggingOptions(SettingsSection):
    """``NINJA_BOOST["LOGGING"]``.

    Attributes:
        ACCESS_LOG: write one line for each request.
        ACCESS_LOG_EXCLUDE: patterns, as of a shell, of route templates whose successful requests
            get no line. A client chooses a path but no template, so it can hide behind none.
        REDACT: replace what looks like a secret.
        REDACT_KEYS: more names whose values are secrets. A key that contains one of them is
            sensitive, whatever its case and punctuation.
        REDACT_PATTERNS: more regular expressions whose matches are secrets. A group named
            ``secret`` limits what is replaced.
        REVEAL_KEYS: whole names that are not sensitive, whatever they contain.
        MAX_LENGTH: characters of one text; four times as many of a traceback.
        MAX_ITEMS: items of one list or dictionary.
        MAX_DEPTH: levels of nested lists and dictionaries.
    """

    ACCESS_LOG: bool = True
    ACCESS_LOG_EXCLUDE: tuple[str, ...] = HEALTH_ROUTES
    REDACT: bool = True
    REDACT_KEYS: tuple[str, ...] = ()
    REDACT_PATTERNS: tuple[str, ...] = ()
    REVEAL_KEYS: tuple[str, ...] = ()
    MAX_LENGTH: int = Field(default=8192, ge=64, le=1_000_000)
    MAX_ITEMS: int = Field(default=100, ge=1, le=10_000)
    MAX_DEPTH: int = Field(default=8, ge=1, le=50)

    @field_validator("REDACT_KEYS", "REVEAL_KEYS")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not any(character.isalnum() for character in name):
                raise ValueError(f"names such as 'iban'; {name!r} has no letter in it")
        return value

    @field_validator("REDACT_PATTERNS")
    @classmethod
    def _regular_expressions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            try:
                compiled = re.compile(pattern)
            except re.error as error:
                raise ValueError(f"regular expressions; {pattern!r} is none: {error}") from error
            if compiled.match("") is not None:
                raise ValueError(f"patterns of secrets; {pattern!r} matches an empty text")
        return value


class LoggingSettings(SettingsSection):
    """The key of this package in ``NINJA_BOOST``."""

    LOGGING: LoggingOptions = LoggingOptions()
