"""Before the view: the answer from the cache, or the right to compute it."""

from __future__ import annotations

import math
import time
from functools import partial
from typing import TYPE_CHECKING

from ninja_boost_core import ApiError, Call
from ninja_boost_core.principals import identity_of
from ninja_boost_core.steps import Do, Steps

from ._statistics import count
from .answers import NAME, Miss, is_current, session_read
from .backends import Unavailable
from .principals import session_user
from .representations import Entry, directives, not_modified, replay
from .storage import Capture, capture, claim, fetch

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from .keys import Names
    from .policies import Policy

__all__ = ["look_up"]

FIRST_PAUSE = 0.01
LONGEST_PAUSE = 0.2


def look_up(call: Call, policy: Policy) -> Steps[HttpResponse | Miss]:
    """Return the cached answer, or what is to become of the one that the view computes."""
    request = call.request
    if _has_body(request):
        return _bypass(policy, "body")
    whose = None
    if policy.key == "user":
        ask = session_user(request)
        whose = identity_of(getattr(request, "auth", None) if ask is None else (yield ask))
    names = policy.names(call, whose)
    if names is None:
        return _bypass(policy, "nobody")
    renewed = policy.client_no_cache and "no-cache" in directives(
        request.META.get("HTTP_CACHE_CONTROL", "")
    )
    try:
        entry: Entry | None = yield policy.backend.step(fetch, names)
        now = time.time()
        if entry is not None and now < entry.fresh_until and not renewed:
            return _hit(request, policy, entry, now)
        found = yield from _claim(request, policy, names, entry, renewed)
    except Unavailable as error:
        if policy.closed:
            raise ApiError(
                503,
                "The cache does not answer. Try again later.",
                code="cache_unavailable",
                headers={"Retry-After": "1"},
            ) from error
        return _bypass(policy, "outage")
    if isinstance(found, Miss):
        count("misses")
        found.session_read = session_read(request)
    return found


def _claim(
    request: HttpRequest, policy: Policy, names: Names, entry: Entry | None, renewed: bool
) -> Steps[HttpResponse | Miss]:
    """Become the one who computes, or get what the one who does has computed."""
    if request.method == "HEAD":
        return Miss(policy, "miss")  # that has no body to keep; the one of a GET serves both
    if renewed:
        captured: Capture = yield policy.backend.step(capture, names, policy.lifetime)
        return Miss(policy, "request", names=names, captured=captured)
    held_until = time.monotonic() + policy.lease
    claimed: Entry | Capture | None = yield policy.backend.step(
        claim, names, policy.lease, policy.lifetime, first=True
    )
    if entry is not None and time.time() < entry.stale_until:
        if isinstance(claimed, Capture) and claimed.holds:
            return Miss(policy, "stale", None, names, claimed, held_until)
        # Somebody else is computing the next one, or just has.
        return _hit(request, policy, claimed if isinstance(claimed, Entry) else entry, time.time())
    if claimed is None:
        return (yield from _wait(request, policy, names))
    if isinstance(claimed, Entry):
        return _collapsed(request, policy, claimed)
    return Miss(policy, "miss", None, names, claimed, held_until)


def _wait(request: HttpRequest, policy: Policy, names: Names) -> Steps[HttpResponse | Miss]:
    """Wait for the answer of another request; in the end, compute without a lock."""
    until = time.monotonic() + policy.wait
    pause = FIRST_PAUSE
    while (left := until - time.monotonic()) > 0:
        yield _sleep(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE)
        held_until = time.monotonic() + policy.lease
        claimed: Entry | Capture | None = yield policy.backend.step(
            claim, names, policy.lease, policy.lifetime, first=False
        )
        if isinstance(claimed, Entry):
            return _collapsed(request, policy, claimed)
        if claimed is not None:
            return Miss(policy, "miss", None, names, claimed, held_until)
    captured: Capture = yield policy.backend.step(capture, names, policy.lifetime)
    return Miss(policy, "miss", None, names, captured)


def _collapsed(request: HttpRequest, policy: Policy, entry: Entry) -> HttpResponse:
    count("collapsed")
    return _hit(request, policy, entry, time.time(), "fwd=miss; collapsed")


def _hit(
    request: HttpRequest, policy: Policy, entry: Entry, now: float, how: str | None = None
) -> HttpResponse:
    age = max(0, int(now - entry.made))
    left = math.floor(entry.fresh_until - now)
    count("hits")
    if left < 0:
        count("stale_hits")
    extra = {"Age": str(age), "Cache-Status": f"{NAME}; {how or f'hit; ttl={left}'}"}
    if "cache-control" not in entry.headers:
        extra["Cache-Control"] = policy.cache_control(age, left)
    response = replay(entry, extra)
    return not_modified(response) if is_current(request, response) else response


def _bypass(policy: Policy, detail: str) -> Miss:
    count("bypassed")
    return Miss(policy, "bypass", detail)


def _has_body(request: HttpRequest) -> bool:
    meta = request.META
    return meta.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in meta


def _sleep(duration: float) -> Do:
    import asyncio

    return Do(partial(time.sleep, duration), partial(asyncio.sleep, duration))
