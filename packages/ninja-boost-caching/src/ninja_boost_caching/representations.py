"""What may be kept of a response, and how it is sent again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from http.client import responses as phrases
from typing import TYPE_CHECKING, NamedTuple

from django.http import HttpResponse

from ninja_boost_core.answers import ResponseTemplate
from ninja_boost_core.headers import headers_of

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from ninja_boost_core.headers import ReadyHeaders

__all__ = [
    "FORMAT",
    "Entry",
    "directives",
    "entry_of",
    "etag_of",
    "lifetime_of",
    "matches_any",
    "may_be_stale",
    "not_modified",
    "read_entry",
    "replay",
    "why_not",
]

FORMAT = 1
"""Changes with the fields of ``Entry``: what another version has written is a miss."""


class Entry(NamedTuple):
    """An answer as the cache keeps it: a plain tuple of plain values.

    Times are seconds since the epoch. ``generations`` are the values that the generations had
    before the view was called. ``headers`` are names and values by lower-case name.
    """

    format: int
    generations: tuple[int, ...]
    made: float
    fresh_until: float
    stale_until: float
    status: int
    reason: str | None
    headers: dict[str, tuple[str, str]]
    body: bytes


_FIELDS = len(Entry._fields)


def read_entry(kept: object) -> Entry | None:
    """Return the entry that the cache keeps; None for what another version has written."""
    if type(kept) is not tuple or len(kept) != _FIELDS or kept[0] != FORMAT:
        return None
    entry = Entry._make(kept)
    return entry if type(entry.generations) is tuple else None


KEPT_STATUSES = frozenset({200, 203, 204, 300, 301, 308})

NEVER_KEPT = frozenset(
    {
        # What belongs to one connection or one message (RFC 9110, sections 7.6.1 and 6.6.1).
        "age",
        "cache-status",
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
        # What belongs to one browser or one caller.
        "clear-site-data",
        "content-security-policy",
        "content-security-policy-report-only",
        "retry-after",
        "set-cookie",
        "set-cookie2",
        "www-authenticate",
        # What belongs to one request.
        "request-id",
        "server-timing",
        "traceparent",
        "traceresponse",
        "tracestate",
        "x-runtime",
    }
)

NEVER_KEPT_FAMILIES = (
    "access-control-",
    "ratelimit",
    "x-amzn-trace",
    "x-b3-",
    "x-correlation-",
    "x-idempotency-",
    "x-rate-limit",
    "x-ratelimit",
    "x-request-",
    "x-trace",
)

_DIRECTIVE = re.compile(r"""([\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^,\s"]*)))?""")

_ETAG = re.compile(r'(?:W/)?"[^"]*"')


def directives(cache_control: str) -> Mapping[str, str]:
    """Return the directives of a Cache-Control header, by lower-case name."""
    found = _DIRECTIVE.finditer(cache_control)
    return {match[1].lower(): match[2] or match[3] or "" for match in found}


def why_not(
    response: HttpResponseBase | None, *, shared: bool, covered: frozenset[str], max_body: int
) -> str | None:
    """Return why a response must not be kept, in a word, or None if it may be.

    Args:
        shared: whether several callers would get it.
        covered: lower-case names of the request headers that keep answers apart.
    """
    if not isinstance(response, HttpResponse) or not getattr(response, "is_rendered", True):
        return "stream"
    if response.status_code not in KEPT_STATUSES:
        return "status"
    if response.cookies or "Set-Cookie" in response.headers:
        return "set-cookie"
    said = directives(response.headers.get("Cache-Control", ""))
    if "no-store" in said or "no-cache" in said or ("private" in said and shared):
        return "cache-control"
    varying = {name.strip().lower() for name in response.headers.get("Vary", "").split(",")}
    if varying - covered - {""}:
        return "vary"
    return "size" if len(response.content) > max_body else None


def lifetime_of(response: HttpResponse, ttl: float, *, shared: bool) -> float:
    """Return for how many seconds a response may be kept: ``ttl``, or less if it says so."""
    said = directives(response.headers.get("Cache-Control", ""))
    asked = said.get("s-maxage") if shared and "s-maxage" in said else said.get("max-age")
    if asked is None:
        return ttl
    # What is no number is not fresh (RFC 9111, section 4.2.1).
    return min(ttl, float(asked)) if asked.isascii() and asked.isdigit() else 0.0


def may_be_stale(response: HttpResponse) -> bool:
    """Return whether a response may be sent after its time (RFC 9111, section 4.2.4)."""
    said = directives(response.headers.get("Cache-Control", ""))
    return said.keys().isdisjoint(("must-revalidate", "proxy-revalidate", "s-maxage"))


def etag_of(response: HttpResponse) -> str:
    """Return the response's own ETag, or a strong one made of all that it represents."""
    known: str | None = response.headers.get("ETag")
    if known is not None:
        return known
    digest = hashlib.sha256(response.headers.get("Content-Type", "").encode() + b"\n")
    digest.update(response.content)
    return f'"{digest.hexdigest()[:40]}"'


def entry_of(
    response: HttpResponse,
    generations: tuple[int, ...],
    *,
    made: float,
    fresh_until: float,
    stale_until: float,
    dropped: frozenset[str],
) -> Entry:
    """Return what the cache keeps of a response.

    Args:
        dropped: more lower-case names of headers that belong to one request.
    """
    named = {name.strip().lower() for name in response.headers.get("Connection", "").split(",")}
    never = NEVER_KEPT | dropped | named
    headers = {
        name.lower(): (name, value)
        for name, value in response.headers.items()
        if name.lower() not in never and not name.lower().startswith(NEVER_KEPT_FAMILIES)
    }
    status = response.status_code
    reason = response.reason_phrase
    return Entry(
        format=FORMAT,
        generations=generations,
        made=made,
        fresh_until=fresh_until,
        stale_until=stale_until,
        status=status,
        reason=None if reason == phrases.get(status) else reason,
        headers=headers,
        body=response.content,
    )


def replay(entry: Entry, extra: ReadyHeaders) -> HttpResponse:
    """Return the response that ``entry_of`` made ``entry`` of, with ``extra`` headers."""
    response = _template(entry.status)(entry.body)
    if entry.reason is not None:
        response.reason_phrase = entry.reason
    # The headers have been through Django's checks and encoding when they were set first.
    response.headers._store = {**entry.headers, **extra}
    return response


@cache
def _template(status: int) -> ResponseTemplate:
    return ResponseTemplate("", status)


_KEPT_BY_304 = frozenset({"content-location", "last-modified"})


def not_modified(response: HttpResponse) -> HttpResponse:
    """Return the 304 in the place of ``response`` (RFC 9110, section 15.4.5).

    What describes the request and not the answer, such as Cache-Status, stays too.
    """
    answer = _template(304)(b"")
    answer.headers._store = {
        name: header
        for name, header in headers_of(response).items()
        if name in _KEPT_BY_304 or not name.startswith(("content-", "last-"))
    }
    answer.cookies = response.cookies
    return answer


def matches_any(condition: str, etag: str | None, *, strong: bool) -> bool:
    """Return whether an If-Match or If-None-Match header names ``etag``.

    Args:
        condition: the header's value; ``*`` is any ETag that there is.
        etag: the current one, None if there is nothing.
        strong: compare as If-Match does: a weak ETag equals none (RFC 9110, section 8.8.3.2).
    """
    if etag is None:
        return False
    if condition.strip() == "*":
        return True
    # Django's own parser cuts an ETag at a comma in it.
    named = _ETAG.findall(condition)
    if strong:
        return not etag.startswith("W/") and etag in named
    bare = etag.removeprefix("W/")
    return any(each.removeprefix("W/") == bare for each in named)
