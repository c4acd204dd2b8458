"""Before the view: the answer from the cache, or the right to compute it."""

from __future__ import annotations

import math
import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from django.http import HttpResponse

from ninja_boost_core import ApiError, Call
from ninja_boost_core.principals import Identity, identity_of
from ninja_boost_core.steps import Do, Step, Steps

from ._statistics import count
from .answers import NAME, Miss, is_current, session_read
from .backends import Unavailable
from .policies import READS
from .principals import session_user
from .representations import Entry, directives, not_modified, replay
from .storage import Capture, capture, claim, fetch

if TYPE_CHECKING:
    from django.http import HttpRequest

    from ninja_boost_core.headers import ReadyHeaders

    from .keys import Names
    from .policies import Policy

__all__ = ["Found", "look_up"]

FIRST_PAUSE = 0.01
LONGEST_PAUSE = 0.2


Found = HttpResponse | Miss
"""The cached answer, or what is to become of the one that the view computes."""


def look_up(call: Call, policy: Policy | None) -> Found | Steps[Found] | None:
    """Return what is found, or the steps to it where there is something to wait for.

    None if the cache has nothing to do with the call.
    """
    request = call.request
    # Called directly, a view returns no response that could be kept.
    if policy is None or call.operation is None or request.method not in READS:
        return None
    meta = request.META
    if meta.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in meta:
        return _bypass(policy, "body")
    if policy.key != "user":
        return _find(call, policy, None)
    ask = session_user(request)
    if ask is not None:
        return _find_for(call, policy, ask)
    return _find(call, policy, identity_of(getattr(request, "auth", None)))


def _find_for(call: Call, policy: Policy, ask: Step) -> Steps[Found]:
    """Find the answer for whom ``ask`` tells."""
    found = _find(call, policy, identity_of((yield ask)))
    return found if isinstance(found, Found) else (yield from found)


def _find(call: Call, policy: Policy, whose: Identity | None) -> Found | Steps[Found]:
    request = call.request
    names = policy.names(call, whose)
    if names is None:
        return _bypass(policy, "nobody")
    renewed = policy.client_no_cache and "no-cache" in directives(
        request.META.get("HTTP_CACHE_CONTROL", "")
    )
    if not renewed:
        try:
            entry = policy.backend.recall(names)
        except Unavailable as error:
            return _without(policy, error)
        if entry is not None and (now := time.time()) < entry.fresh_until:
            return _hit(request, policy, entry, now)
    return _ask(request, policy, names, renewed)


def _ask(request: HttpRequest, policy: Policy, names: Names, renewed: bool) -> Steps[Found]:
    """Ask the cache, and become the one who computes if it has no fresh answer."""
    try:
        entry: Entry | None = yield policy.backend.step(fetch, names)
        now = time.time()
        if entry is not None and now < entry.fresh_until and not renewed:
            return _hit(request, policy, entry, now)
        found = yield from _claim(request, policy, names, entry, renewed)
    except Unavailable as error:
        return _without(policy, error)
    if isinstance(found, Miss):
        count("misses")
        found.session_read = session_read(request)
    return found


def _without(policy: Policy, error: Unavailable) -> Miss:
    """Do without the cache.

    Raises:
        ApiError: 503, if ON_ERROR says so.
    """
    if policy.closed:
        raise ApiError(
            503,
            "The cache does not answer. Try again later.",
            code="cache_unavailable",
            headers={"Retry-After": "1"},
        ) from error
    return _bypass(policy, "outage")


def _claim(
    request: HttpRequest, policy: Policy, names: Names, entry: Entry | None, renewed: bool
) -> Steps[Found]:
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


def _wait(request: HttpRequest, policy: Policy, names: Names) -> Steps[Found]:
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
    control = None if "cache-control" in entry.headers else policy.cache_control(age, left)
    response = replay(entry, _told(age, how or f"hit; ttl={left}", control))
    if "HTTP_IF_NONE_MATCH" in request.META and is_current(request, response):
        return not_modified(response)
    return response


@lru_cache(maxsize=1024)
def _told(age: int, how: str, control: str | None) -> ReadyHeaders:
    """Return the headers that tell of the cache; within a second they are the same for all."""
    told = {"age": ("Age", str(age)), "cache-status": ("Cache-Status", f"{NAME}; {how}")}
    if control is not None:
        told["cache-control"] = ("Cache-Control", control)
    return told


def _bypass(policy: Policy, detail: str) -> Miss:
    count("bypassed")
    return Miss(policy, "bypass", detail)


def _sleep(duration: float) -> Do:
    import asyncio

    return Do(partial(time.sleep, duration), partial(asyncio.sleep, duration))
