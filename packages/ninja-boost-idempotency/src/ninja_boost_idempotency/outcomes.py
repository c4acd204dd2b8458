"""Responses as a store keeps them."""

from __future__ import annotations

import json
from http.client import responses as phrases
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse

from ninja_boost_core import ApiError

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

__all__ = ["REPLAY_HEADER", "UNREPEATABLE", "asks_again", "dump", "replay"]

REPLAY_HEADER = "X-Idempotency-Replay"

NEVER_KEPT = frozenset(
    {
        # What belongs to one connection or one message (RFC 9110, sections 7.6.1 and 6.6.1).
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        # What belongs to one browser.
        "clear-site-data",
        "set-cookie",
        "set-cookie2",
        REPLAY_HEADER.lower(),
    }
)

UNREPEATABLE = json.dumps({"repeatable": False}).encode() + b"\n"
"""Stands for a result that cannot be kept: the operation ran, and must not run again."""

_COME_AGAIN = frozenset({408, 425, 429})


def asks_again(status: int) -> bool:
    """Whether the status is an invitation to send the same request once more."""
    return status in _COME_AGAIN


def dump(response: HttpResponseBase, max_body: int) -> bytes:
    """Return what a store keeps of ``response``.

    A stream, a file, a response that is not rendered yet and a body longer than ``max_body``
    are not kept, only that they have been.
    """
    if not isinstance(response, HttpResponse) or not getattr(response, "is_rendered", True):
        return UNREPEATABLE
    body = response.content
    if len(body) > max_body:
        return UNREPEATABLE
    named = {
        name.strip().lower() for name in response.headers.get("Connection", "").split(",") if name
    }
    head = {
        "repeatable": True,
        "status": response.status_code,
        "reason": response.reason_phrase,
        "headers": [
            [name, value]
            for name, value in response.headers.items()
            if name.lower() not in NEVER_KEPT | named
        ],
    }
    return json.dumps(head).encode() + b"\n" + body


def replay(kept: bytes) -> HttpResponse:
    """Return the response that ``dump`` made ``kept`` of, marked as a replay.

    Raises:
        ApiError: 409, if the result could not be kept.
    """
    line, _, body = kept.partition(b"\n")
    head: dict[str, Any] = json.loads(line)
    if not head["repeatable"]:
        raise ApiError(
            409,
            "This request was carried out before; its response cannot be repeated.",
            code="idempotency_not_repeatable",
        )
    status: int = head["status"]
    reason = None if head["reason"] == phrases.get(status) else head["reason"]
    response = HttpResponse(body, status=status, reason=reason)
    del response.headers["Content-Type"]
    for name, value in head["headers"]:
        response.headers[name] = value
    response.headers[REPLAY_HEADER] = "true"
    return response
