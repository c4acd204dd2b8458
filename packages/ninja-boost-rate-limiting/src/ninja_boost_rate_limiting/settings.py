"""The keys of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from ninja_boost_core.conf import ObjectOrPath, SettingsSection

from .rates import parse_rate

__all__ = ["OnError", "RateLimitOptions", "RateLimitSettings"]

OnError = Literal["open", "closed"]


class RateLimitOptions(SettingsSection):
    """``NINJA_BOOST["RATE_LIMIT"]``.

    Attributes:
        DEFAULT: the rate of every operation that has no limit of its own; counted by address.
        SHADOW: count and report what DEFAULT would refuse, and refuse nothing.
        BACKEND: a ``Backend`` or a subclass of it, or a dotted path to one.
        ON_ERROR: what happens while the backend fails: "open" admits, "closed" answers 503.
        TIMEOUT: seconds that RedisBackend waits for a connection and for each answer.
        REDIS_URL: where RedisBackend finds Redis.
        REDIS_CLUSTER: whether that is a cluster.
        CACHE: the alias of the cache that CacheBackend uses.
        MAX_KEYS: clients that InMemoryBackend keeps.
        IPV6_PREFIX: bits of an IPv6 address that make a client; the rest it chooses itself.
    """

    DEFAULT: str | None = None
    SHADOW: bool = False
    BACKEND: ObjectOrPath = "ninja_boost_rate_limiting.InMemoryBackend"
    ON_ERROR: OnError = "open"
    TIMEOUT: float = Field(default=0.25, gt=0, le=30)
    REDIS_URL: SecretStr | None = None
    REDIS_CLUSTER: bool = False
    CACHE: str = Field(default="default", min_length=1)
    MAX_KEYS: int = Field(default=100_000, ge=1)
    IPV6_PREFIX: int = Field(default=64, ge=16, le=128)

    @field_validator("DEFAULT")
    @classmethod
    def _a_rate(cls, value: str | None) -> str | None:
        if value is not None:
            parse_rate(value)
        return value


class RateLimitSettings(SettingsSection):
    """The key of this package in ``NINJA_BOOST``."""

    RATE_LIMIT: RateLimitOptions = RateLimitOptions()
