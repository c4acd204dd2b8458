"""The key of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from ninja_boost_core.conf import ObjectOrPath, SettingsSection

__all__ = ["EndpointOptions", "MetricsOptions", "MetricsSettings", "StatsDOptions"]

_NAMESPACE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,63}|")
SHORTEST_TOKEN = 16


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else () if value is None else value


class EndpointOptions(SettingsSection):
    """``NINJA_BOOST["METRICS"]["ENDPOINT"]``: who may scrape. Nobody outside DEBUG by default.

    Attributes:
        TOKEN: the bearer token that a scraper sends, or several while one replaces another; each
            of 16 characters or more.
        NETWORKS: networks from which one may ask at all.
        STAFF: whether a member of staff who is logged in to Django needs no token.
    """

    TOKEN: Annotated[tuple[SecretStr, ...], BeforeValidator(_several)] = ()
    NETWORKS: tuple[IPv4Network | IPv6Network, ...] = ()
    STAFF: bool = False

    @field_validator("TOKEN")
    @classmethod
    def _long_enough(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(token) < SHORTEST_TOKEN for token in value):
            raise ValueError(f"tokens of {SHORTEST_TOKEN} characters or more")
        return value


class StatsDOptions(SettingsSection):
    """``NINJA_BOOST["METRICS"]["STATSD"]``.

    Attributes:
        HOST: where the daemon listens; a name is looked up once, at the start.
        PORT: its UDP port.
        FORMAT: ``"dogstatsd"`` sends labels as tags; ``"statsd"`` makes them a part of the name.
    """

    HOST: str = Field(default="127.0.0.1", min_length=1)
    PORT: int = Field(default=8125, ge=1, le=65535)
    FORMAT: Literal["dogstatsd", "statsd"] = "dogstatsd"


class MetricsOptions(SettingsSection):
    """``NINJA_BOOST["METRICS"]``.

    Attributes:
        BACKEND: a backend class, an instance, or the dotted path of either; None: record nothing.
        NAMESPACE: what stands before the name of each metric; may be empty.
        MAX_LABEL_SETS: label sets of one metric; what comes beyond shares one, ``_overflow``.
        SEMANTIC_CONVENTIONS: whether ``http.server.request.duration`` is recorded as well.
        EXEMPLARS: whether its buckets name a trace, for scrapers that speak OpenMetrics.
        ENDPOINT: who may scrape.
        STATSD: where StatsDBackend sends to.
    """

    BACKEND: ObjectOrPath | None = None
    NAMESPACE: str = "ninja_boost"
    MAX_LABEL_SETS: int = Field(default=2000, ge=1, le=100_000)
    SEMANTIC_CONVENTIONS: bool = True
    EXEMPLARS: bool = True
    ENDPOINT: EndpointOptions = EndpointOptions()
    STATSD: StatsDOptions = StatsDOptions()

    @field_validator("NAMESPACE")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not _NAMESPACE.fullmatch(value):
            raise ValueError("ASCII letters, digits and underscores, not beginning with a digit")
        return value


class MetricsSettings(SettingsSection):
    """The key of this package in ``NINJA_BOOST``."""

    METRICS: MetricsOptions = MetricsOptions()
