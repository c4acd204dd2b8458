"""The key of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import Field

from ninja_boost_core.conf import SettingsSection

__all__ = ["HealthOptions", "HealthSettings"]

BuiltIn = Literal["database", "cache", "migrations"]


class HealthOptions(SettingsSection):
    """``NINJA_BOOST["HEALTH"]``.

    Attributes:
        CHECKS: the built-in checks that run.
        TIMEOUT: seconds that a check may take, unless it says otherwise itself.
        CACHE_TIME: seconds for which a result is used again; None: 1, and 0 under DEBUG.
        DATABASES: the database aliases to check; None: all.
        CACHES: the cache aliases to check; None: all.
        NETWORKS: networks whose clients see the details of the checks.
        DRAIN_FILE: the file that tells the processes of one host or container that they drain;
            None: one in the temporary directory, named after the project and the user.
    """

    CHECKS: tuple[BuiltIn, ...] = ("database", "cache", "migrations")
    TIMEOUT: float = Field(default=2.0, gt=0, le=60)
    CACHE_TIME: float | None = Field(default=None, ge=0, le=3600)
    DATABASES: tuple[str, ...] | None = None
    CACHES: tuple[str, ...] | None = None
    NETWORKS: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    DRAIN_FILE: str | None = Field(default=None, min_length=1)


class HealthSettings(SettingsSection):
    """The key of this package in ``NINJA_BOOST``."""

    HEALTH: HealthOptions = HealthOptions()
