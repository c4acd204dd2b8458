"""After the view: its answer is kept, described, or neither."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers

from ninja_boost_core import Call
from ninja_boost_core.steps import Steps

from ._statistics import count
from .backends import Unavailable
from .representations import (
    entry_of,
    etag_of,
    lifetime_of,
    matches_any,
    may_be_stale,
    not_modified,
    why_not,
)
from .snapshots import reads_a_snapshot
from .storage import Capture, give_up, keep

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .keys import Names
    from .policies import Policy

__all__ = ["NAME", "Miss", "finish", "is_current", "session_read"]

NAME = "ninja-boost"
"""Of this cache in Cache-Status."""

PAUSE_AFTER_ERROR = 1
PAUSE_AFTER_ANSWER = 10
"""Seconds for which requests do not wait for each other, after an answer that was not kept."""


@dataclass(slots=True)
class Miss:
    """A request that the view answers.

    Attributes:
        forwarded: why, in the words of Cache-Status.
        detail: the same in words of our own, if it is not just that nothing was there.
        names: where the answer is kept.
        captured: the state before the computation; None if the answer is not kept.
        held_until: until when the lock is held, by ``time.monotonic()``.
        session_read: whether the session had been read before the view.
    """

    policy: Policy
    forwarded: str
    detail: str | None = None
    names: Names | None = None
    captured: Capture | None = None
    held_until: float = 0.0
    session_read: bool = False

    @property
    def holds(self) -> bool:
        held = self.captured is not None and self.captured.holds
        # After its lease the lock may be another's.
        return held and time.monotonic() < self.held_until


def finish(call: Call, miss: Miss) -> Steps[None]:
    """Keep the answer, or free the lock; and tell the client how it came about."""
    response = call.response
    why = _why_not(call, miss)
    stored = False
    if why is None:
        answer = cast(HttpResponse, response)
        if call.request.method == "GET":
            stored = yield from _keep(answer, miss)
        answer.headers.setdefault("Cache-Control", miss.policy.cache_control(0, miss.policy.ttl))
        if is_current(call.request, answer):
            call.response = not_modified(answer)
    elif miss.captured is not None:
        count("not_stored")
        yield from _give_up(call, miss)
    if response is None or call.response is None:
        return
    status = f"{NAME}; fwd={miss.forwarded}; fwd-status={response.status_code}"
    if stored:
        status += "; stored"
    elif detail := miss.detail or why:
        status += f"; detail={detail}"
    headers = call.response.headers
    known = headers.get("Cache-Status")
    headers["Cache-Status"] = f"{known}, {status}" if known else status


def is_current(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether the client has this very answer already."""
    condition = request.META.get("HTTP_IF_NONE_MATCH")
    if condition is None or response.status_code != 200:
        return False
    if not matches_any(condition, response.headers.get("ETag"), strong=False):
        return False
    count("not_modified")
    return True


def _keep(response: HttpResponse, miss: Miss) -> Steps[bool]:
    """Add what identifies the answer, and keep it; return whether that is done."""
    policy, names, captured = miss.policy, miss.names, miss.captured
    response.headers["ETag"] = etag_of(response)
    if policy.sent_vary:
        patch_vary_headers(response, policy.sent_vary)
    if names is None or captured is None or captured.generations is None:
        return False
    now = time.time()
    ttl = lifetime_of(response, policy.ttl, shared=policy.shared)
    fresh_until = now + policy.freshness(ttl)
    stale = policy.stale if may_be_stale(response) else 0
    entry = entry_of(
        response,
        captured.generations,
        made=now,
        fresh_until=fresh_until,
        stale_until=fresh_until + stale,
        dropped=policy.dropped,
    )
    try:
        yield policy.backend.step(keep, names, entry, release=miss.holds)
    except Unavailable:
        miss.detail = "outage"
        return False
    count("stored")
    return True


def _give_up(call: Call, miss: Miss) -> Steps[None]:
    response, captured = call.response, cast(Capture, miss.captured)
    pause = 0
    if response is not None:
        longest = PAUSE_AFTER_ANSWER if response.status_code < 400 else PAUSE_AFTER_ERROR
        pause = min(longest, int(miss.policy.ttl) or 1)
    try:
        yield miss.policy.backend.step(
            give_up, cast("Names", miss.names), captured.created, release=miss.holds, pause=pause
        )
    except Unavailable:
        # It is logged and counted, and the lease ends.
        miss.detail = "outage"


def _why_not(call: Call, miss: Miss) -> str | None:
    """Return why the answer must not be kept, in a word, or None if it may be."""
    if not call.entered_view or call.error is not None:
        return "error"
    request, policy = call.request, miss.policy
    why = why_not(
        call.response, shared=policy.shared, covered=policy.covered, max_body=policy.max_body
    )
    if why is not None:
        return why
    if request.META.get("CSRF_COOKIE_NEEDS_UPDATE") or _session(request, "modified"):
        # A middleware is about to set a cookie.
        return "set-cookie"
    if not miss.session_read and session_read(request) and "cookie" not in policy.covered:
        return "vary"
    if lifetime_of(cast(HttpResponse, call.response), policy.ttl, shared=policy.shared) <= 0:
        return "cache-control"
    if miss.captured is not None and reads_a_snapshot():
        return "snapshot"
    return None


def session_read(request: HttpRequest) -> bool:
    """Return whether anything has read the session, so that its middleware says Vary: Cookie."""
    return _session(request, "accessed")


def _session(request: HttpRequest, attribute: str) -> bool:
    return bool(getattr(getattr(request, "session", None), attribute, False))
