"""Remembers deliveries in a Django cache, so that each is handled once.

An entry says ``running`` and whose it is, with a lease, until the delivery has been handled; then
``done``. A delivery that failed is forgotten. Whoever dies in between loses the lease.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.core.cache import BaseCache, caches

from ninja_boost_core.conf import boost_settings

from .settings import WebhookOptions, WebhookSettings

__all__ = ["Claim", "StoreFailed", "claim_of"]

DONE: Final = "done"


class StoreFailed(Exception):
    """The cache raised something; the text says which cache and what."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One request's claim to handle one delivery.

    Attributes:
        key: in the cache.
        token: tells this claim from those of other requests.
        ttl: seconds for which a handled delivery is remembered.
    """

    key: str
    token: str
    ttl: int

    def take(self) -> str | None:
        """Claim the delivery; return None, or what the entry says if it was claimed before.

        Raises:
            StoreFailed: if the cache fails; so do the other methods.
        """
        with _guarded() as cache:
            if cache.add(self.key, self.token, _options().LEASE):
                return None
            return cache.get(self.key) or ""

    async def atake(self) -> str | None:
        """See ``take``."""
        with _guarded() as cache:
            if await cache.aadd(self.key, self.token, _options().LEASE):
                return None
            return await cache.aget(self.key) or ""

    def settle(self, handled: bool) -> None:
        """Remember the delivery, or forget it."""
        with _guarded() as cache:
            if handled:
                cache.set(self.key, DONE, self.ttl)
            elif cache.get(self.key) == self.token:
                cache.delete(self.key)

    async def asettle(self, handled: bool) -> None:
        """See ``settle``."""
        with _guarded() as cache:
            if handled:
                await cache.aset(self.key, DONE, self.ttl)
            elif await cache.aget(self.key) == self.token:
                await cache.adelete(self.key)


def claim_of(scheme: str, endpoint: str, delivery: str, tolerance: int) -> Claim:
    """Return a claim that is not taken yet.

    Args:
        scheme: name of the scheme.
        endpoint: name of the view: one sender may have several, each with its own copy.
        delivery: what tells the delivery from others.
        tolerance: seconds by which timestamps may be wrong. A message is acceptable for twice
            that time, and is remembered for no less.
    """
    identity = json.dumps([scheme, endpoint, delivery]).encode()
    return Claim(
        f"ninja_boost.webhooks:{hashlib.sha256(identity).hexdigest()}",
        f"running {secrets.token_hex(8)}",
        max(_options().REPLAY_TTL, 2 * tolerance),
    )


def _options() -> WebhookOptions:
    return boost_settings.section(WebhookSettings).WEBHOOKS


@contextmanager
def _guarded() -> Iterator[BaseCache]:
    alias = _options().CACHE
    try:
        yield caches[alias]
    except Exception as error:
        # Each kind of cache raises its client's own errors.
        raise StoreFailed(f"the cache {alias!r} failed ({type(error).__name__})") from error
