"""What ``manage.py boost_doctor`` asks."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial

from ninja_boost_core.pings import Ping, PingFailed, describe_cache

from .hook import WebhookHook, hooks, options
from .replays import claim_of
from .verification import usable_keys

__all__ = ["find_pings"]


def find_pings() -> Iterator[Ping]:
    """Yield one for the secrets of each endpoint, and one for the cache of deliveries."""
    endpoints = sorted(hooks, key=lambda hook: hook.endpoint)
    for hook in endpoints:
        yield Ping(
            f"webhook: {hook.endpoint}",
            partial(_read_secrets, hook),
            f"Set {hook.source} to the secret that the sender signs with; until then its webhooks "
            "are all refused.",
        )
    if any(hook.replay != "allow" for hook in endpoints):
        opened = options().ON_ERROR == "open"
        meanwhile = "replayed webhooks are let in" if opened else "webhooks get a 503"
        yield Ping(
            f"webhooks: deliveries in cache {options().CACHE}",
            _claim,
            f"See to the server that CACHES[{options().CACHE!r}] names; until then {meanwhile} "
            "(ON_ERROR).",
        )


def _read_secrets(hook: WebhookHook) -> str:
    """Ask for the secrets as a request would; of what comes only the number is told."""
    keys, problems = usable_keys(hook.scheme, hook.source.read())
    if problems:
        raise PingFailed(f"{hook.source}: {'; '.join(map(str, problems))}")
    if not keys:
        raise PingFailed(f"{hook.source} is not set.")
    return f"{len(keys)} of {hook.source}"


def _claim() -> str:
    """Claim a delivery that nobody sent, be refused it the second time, and forget it."""
    delivery = secrets.token_hex(16)
    first, second = (claim_of("boost_doctor", "boost_doctor", delivery, 0) for _ in range(2))
    if first.take() is not None or second.take() is None:
        raise PingFailed("A delivery that comes twice is let in twice.")
    first.settle(handled=False)
    return describe_cache(options().CACHE)
