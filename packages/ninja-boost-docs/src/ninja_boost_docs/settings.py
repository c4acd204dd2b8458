"""The key of ``NINJA_BOOST`` that this package reads."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any

from ninja_boost_core.conf import SettingsSection

__all__ = ["DocsOptions", "DocsSettings"]


class DocsOptions(SettingsSection):
    """``NINJA_BOOST["DOCS"]``: one rule for the page and the schema.

    Attributes:
        ENABLED: whether there are docs at all.
        REQUIRE_STAFF: for members of staff who are logged in to Django only.
        REQUIRE_AUTH: for whoever is logged in to Django, or has the API's own credentials.
        ALLOWED_IPS: addresses and networks that may see them; empty: all.
        DISABLE_IN_PRODUCTION: none without ``DEBUG``.
        INTERNAL_TAGS: operations with one of these tags are in the schema for staff only.
        TITLE, DESCRIPTION, VERSION: what the document says; None: what the API was given.
        SERVERS: OpenAPI server objects; empty: what the API was given.
    """

    ENABLED: bool = True
    REQUIRE_STAFF: bool = False
    REQUIRE_AUTH: bool = False
    ALLOWED_IPS: tuple[IPv4Network | IPv6Network, ...] = ()
    DISABLE_IN_PRODUCTION: bool = False
    INTERNAL_TAGS: frozenset[str] = frozenset()
    TITLE: str | None = None
    DESCRIPTION: str | None = None
    VERSION: str | None = None
    SERVERS: tuple[dict[str, Any], ...] = ()


class DocsSettings(SettingsSection):
    """The key of this package in ``NINJA_BOOST``."""

    DOCS: DocsOptions = DocsOptions()
