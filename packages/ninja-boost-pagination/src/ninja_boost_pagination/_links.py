"""RFC 8288 Link headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.encoding import escape_uri_path

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["Links", "link_header"]

Links = Mapping[str, Mapping[str, str | None]]
"""Relation to the query parameters that lead there; None takes a parameter away."""

MAX_LENGTH = 4096
"""Bytes. A longer header is left out: many servers and proxies refuse 8 kB of headers."""


def link_header(request: HttpRequest, links: Links) -> str | None:
    """Return the header's value: references without a host, other parameters kept."""
    path = escape_uri_path(request.path)
    parts: list[str] = []
    for relation, changes in links.items():
        query = request.GET.copy()
        for name, value in changes.items():
            query.pop(name, None)
            if value is not None:
                query[name] = value
        encoded = query.urlencode()
        parts.append(f'<{path}{"?" if encoded else ""}{encoded}>; rel="{relation}"')
    header = ", ".join(parts)
    return header if header and len(header) <= MAX_LENGTH else None
