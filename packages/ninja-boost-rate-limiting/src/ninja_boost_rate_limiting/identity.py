"""Who is counted."""

from __future__ import annotations

import ipaddress
import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ninja_boost_core.client_address import client_address
from ninja_boost_core.conf import boost_settings
from ninja_boost_core.principals import principal_id

from .settings import RateLimitSettings

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["address_of", "user_of"]

logger: logging.Logger = logging.getLogger("ninja_boost.rate_limiting")

_nameless: set[type] = set()


def address_of(request: HttpRequest) -> str:
    """Return the client that the request's address stands for.

    An IPv6 host has a whole network to choose its address from, so the network counts. All
    clients without an address that can be known (behind a Unix socket whose proxy is not in
    TRUSTED_PROXIES) are one.
    """
    address = client_address(request)
    if address is None:
        return "ip:unknown"
    if ":" in address:
        options = boost_settings.section(RateLimitSettings).RATE_LIMIT
        address = _network(address, options.IPV6_PREFIX)
    return f"ip:{address}"


def user_of(request: HttpRequest) -> str | None:
    """Return the client that ``request.auth`` stands for; None if it names nobody.

    That is a text or number itself, or else its ``pk``, ``id``, ``user_id`` or ``sub``, as
    attribute or key.
    """
    auth: Any = getattr(request, "auth", None)
    found = principal_id(auth)
    if found is not None:
        return f"user:{found}"
    if auth is None or isinstance(auth, bool) or getattr(auth, "is_anonymous", False) is True:
        return None
    if type(auth) not in _nameless:
        _nameless.add(type(auth))
        logger.warning(
            "request.auth is a %s without %s: a limit by user counts its requests by address. "
            "Give the limit a key= of its own.",
            type(auth).__qualname__,
            "pk, id, user_id or sub",
        )
    return None


@lru_cache(maxsize=4096)
def _network(address: str, prefix: int) -> str:
    return str(ipaddress.IPv6Network((address, prefix), strict=False))
