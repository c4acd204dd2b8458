"""The key of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ninja_boost_core.conf import SettingsSection, boost_settings
from ninja_boost_core.durations import no_or_seconds, seconds

__all__ = ["CacheOptions", "CacheSettings", "current_options"]

Seconds = Annotated[float, BeforeValidator(seconds)]
NoOrSeconds = Annotated[float, BeforeValidator(no_or_seconds)]


class CacheOptions(SettingsSection):
    """``NINJA_BOOST["CACHE"]``.

    Durations are seconds, or a text such as "5m".

    Attributes:
        ALIAS: the cache, as in CACHES.
        TTL: how long an answer is fresh, unless the operation says otherwise.
        STALE: how long after that it is still sent while one request computes the next.
        JITTER: the part of TTL by which an answer may expire early, so that not all do at once.
        MAX_AGE: how long clients may use an answer without asking again.
        LEASE: how long one request may compute an answer before another may try, too.
        WAIT: how long a request waits for the one that computes.
        MAX_BODY: bytes; a longer answer is not kept.
        CLIENT_NO_CACHE: whether a client's ``Cache-Control: no-cache`` is obeyed.
        ON_ERROR: while the cache fails, "open" computes each answer and "closed" answers 503.
        COOLDOWN: how long a cache that has failed is left alone.
        PER_REQUEST_HEADERS: more response headers that belong to one request and are not kept.
    """

    ALIAS: str = Field(default="default", min_length=1)
    TTL: Seconds = 300.0
    STALE: NoOrSeconds = 0.0
    JITTER: float = Field(default=0.1, ge=0, le=0.9)
    MAX_AGE: NoOrSeconds = 0.0
    LEASE: Annotated[Seconds, Field(ge=1)] = 10.0
    WAIT: Annotated[NoOrSeconds, Field(le=60)] = 5.0
    MAX_BODY: int = Field(default=1_048_576, ge=0)
    CLIENT_NO_CACHE: bool = False
    ON_ERROR: Literal["open", "closed"] = "open"
    COOLDOWN: NoOrSeconds = 1.0
    PER_REQUEST_HEADERS: tuple[str, ...] = ()


class CacheSettings(SettingsSection):
    """The key of this package in ``NINJA_BOOST``."""

    CACHE: CacheOptions = CacheOptions()


def current_options() -> CacheOptions:
    """Return ``NINJA_BOOST["CACHE"]``."""
    return boost_settings.section(CacheSettings).CACHE
