"""RFC 8288 Link headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils.encoding import escape_uri_path

if TYPE_CHECKING:
    from django.http import HttpRequest, QueryDict

__all__ = ["Links", "link_header"]

Links = Mapping[str, Mapping[str, str | None]]
"""Relation to the query parameters that lead there; None takes a parameter away."""

MAX_LENGTH = 4096
"""Bytes. A longer header is left out: many servers and proxies refuse 8 kB of headers."""


def link_header(request: HttpRequest, links: Links) -> str | None:
    """Return the header's value: references without a host, other parameters kept."""
    path = escape_uri_path(request.path)
    kept: dict[frozenset[str], str] = {}
    parts: list[str] = []
    for relation, changes in links.items():
        names = frozenset(changes)
        if names not in kept:
            kept[names] = _without(names, request.GET)
        own = urlencode({name: value for name, value in changes.items() if value is not None})
        encoded = "&".join(filter(None, (kept[names], own)))
        parts.append(f'<{path}{"?" if encoded else ""}{encoded}>; rel="{relation}"')
    header = ", ".join(parts)
    return header if header and len(header) <= MAX_LENGTH else None


def _without(names: frozenset[str], query: QueryDict) -> str:
    """Return what is left of a query string."""
    left = [
        (name, value) for name, values in query.lists() if name not in names for value in values
    ]
    return urlencode(left, encoding=query.encoding)
