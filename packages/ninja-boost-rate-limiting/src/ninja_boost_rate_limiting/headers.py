"""What the client is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ninja_boost_core.headers import put

from .gcra import Decision
from .limiter import Limit

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

__all__ = ["policy", "write_headers"]


def policy(limit: Limit) -> str:
    """Return the limit as an item of RateLimit-Policy.

    The quota is the burst and the window the time in which it comes back, which is the rate as
    it was written unless the burst is another number than its count.
    """
    return f'"{limit.name}";q={limit.quota.burst};w={limit.quota.window}'


def write_headers(
    response: HttpResponseBase, outcomes: Sequence[tuple[Limit, str, Decision]]
) -> None:
    """Describe the limits that were asked, the tightest of them in ``X-RateLimit-*``.

    ``RateLimit-Policy`` and ``RateLimit`` follow draft-ietf-httpapi-ratelimit-headers-10;
    ``X-RateLimit-Reset`` is in seconds from now. Both say when the whole burst is back.

    Args:
        response: gets the headers.
        outcomes: each limit with its policy and decision.
    """
    limit, policies, decision = outcomes[0]
    reset = limit.quota.seconds(decision.reset)
    items = f'"{limit.name}";r={decision.remaining};t={reset}'
    if len(outcomes) > 1:
        policies = ", ".join([each[1] for each in outcomes])
        items = ", ".join([_item(each, result) for each, _, result in outcomes])
        limit, _, decision = min(outcomes, key=_tightness)
        reset = limit.quota.seconds(decision.reset)
    # Numbers, and names that were checked when the limit was made.
    put(
        response,
        {
            "x-ratelimit-limit": ("X-RateLimit-Limit", str(limit.quota.burst)),
            "x-ratelimit-remaining": ("X-RateLimit-Remaining", str(decision.remaining)),
            "x-ratelimit-reset": ("X-RateLimit-Reset", str(reset)),
            "ratelimit-policy": ("RateLimit-Policy", policies),
            "ratelimit": ("RateLimit", items),
        },
    )


def _item(limit: Limit, decision: Decision) -> str:
    return f'"{limit.name}";r={decision.remaining};t={limit.quota.seconds(decision.reset)}'


def _tightness(outcome: tuple[Limit, str, Decision]) -> tuple[bool, int, int]:
    limit, _, decision = outcome
    return decision.allowed, decision.remaining, -limit.quota.seconds(decision.reset)
