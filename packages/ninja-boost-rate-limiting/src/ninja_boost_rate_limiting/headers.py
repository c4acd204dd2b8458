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
    limit, _, decision = min(outcomes, key=_tightness) if len(outcomes) > 1 else outcomes[0]
    reset = limit.quota.seconds(decision.reset)
    items = [
        f'"{each.name}";r={result.remaining};t={each.quota.seconds(result.reset)}'
        for each, _, result in outcomes
    ]
    # Numbers, and names that were checked when the limit was made.
    put(
        response,
        {
            "x-ratelimit-limit": ("X-RateLimit-Limit", str(limit.quota.burst)),
            "x-ratelimit-remaining": ("X-RateLimit-Remaining", str(decision.remaining)),
            "x-ratelimit-reset": ("X-RateLimit-Reset", str(reset)),
            "ratelimit-policy": ("RateLimit-Policy", ", ".join([each[1] for each in outcomes])),
            "ratelimit": ("RateLimit", ", ".join(items)),
        },
    )


def _tightness(outcome: tuple[Limit, str, Decision]) -> tuple[bool, int, int]:
    limit, _, decision = outcome
    return decision.allowed, decision.remaining, -limit.quota.seconds(decision.reset)
