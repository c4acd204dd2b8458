"""The keys of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, WrapValidator

from ninja_boost_core.conf import ObjectOrPath, SettingsSection, boost_settings
from ninja_boost_core.durations import seconds

__all__ = ["IdempotencyOptions", "IdempotencySettings", "current_options"]


def _alias_or_store(value: Any, validate: Callable[[Any], Any]) -> Any:
    return value if isinstance(value, str) and value and "." not in value else validate(value)


Seconds = Annotated[float, BeforeValidator(seconds)]


class IdempotencyOptions(SettingsSection):
    """``NINJA_BOOST["IDEMPOTENCY"]``.

    Attributes:
        HEADER: the header with the key; ``Idempotency-Key`` is understood beside it.
        TTL: how long a result is kept; seconds, or a text such as "24h".
        BACKEND: the alias of a cache, or a ``Store``, a subclass of it or a dotted path to one.
        LEASE: how long a request holds its key at most, before another may take it over.
        WAIT: how long a request waits for the result of one that runs, in seconds.
        ON_ERROR: what happens while the store fails: "closed" answers 503, "open" runs the
            view without protection.
        STORE_5XX: whether failures are kept and repeated, too.
        MAX_BODY: bytes; a longer response is not kept.
        REDIS_URL: where RedisStore finds Redis.
        TIMEOUT: seconds that RedisStore waits for a connection and for each answer.
    """

    HEADER: str = Field(default="X-Idempotency-Key", pattern=r"^[A-Za-z][A-Za-z0-9-]*$")
    TTL: Seconds = 86400.0
    BACKEND: Annotated[ObjectOrPath, WrapValidator(_alias_or_store)] = "default"
    LEASE: Seconds = 60.0
    WAIT: float = Field(default=0, ge=0, le=60)
    ON_ERROR: Literal["open", "closed"] = "closed"
    STORE_5XX: bool = False
    MAX_BODY: int = Field(default=1_048_576, ge=0)
    REDIS_URL: SecretStr | None = None
    TIMEOUT: float = Field(default=0.5, gt=0, le=30)


class IdempotencySettings(SettingsSection):
    """The key of this package in ``NINJA_BOOST``."""

    IDEMPOTENCY: IdempotencyOptions = IdempotencyOptions()


def current_options() -> IdempotencyOptions:
    """Return ``NINJA_BOOST["IDEMPOTENCY"]``."""
    return boost_settings.section(IdempotencySettings).IDEMPOTENCY
