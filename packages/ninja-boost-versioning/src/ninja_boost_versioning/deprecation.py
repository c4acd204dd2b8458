"""What a deprecation says in headers: RFC 9745 (Deprecation), RFC 8594 (Sunset), RFC 8288."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from django.utils.http import http_date

from ninja_boost_core.headers import ReadyHeaders, headers_of, put_missing, ready

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

__all__ = ["Deprecation", "Moment", "deprecation"]

Moment = str | date | datetime
"""A date or time; text as ISO 8601 has it. UTC, unless it says otherwise; a date means midnight."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A validated deprecation.

    Attributes:
        since: Unix time from which the resource counts as deprecated.
        sunset: Unix time from which it may be gone, or None.
        replacement: URL of what to use instead, or None.
        links: the values of Link.
        gone: whether it is gone, with a 410, after the sunset.
        headers: what responses say.
    """

    since: int
    sunset: int | None
    replacement: str | None
    links: tuple[str, ...]
    gone: bool
    headers: Mapping[str, str] = field(init=False, repr=False, compare=False)
    _ready: ReadyHeaders = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        headers = {"Deprecation": f"@{self.since}"}
        if self.sunset is not None:
            headers["Sunset"] = http_date(self.sunset)
        if self.links:
            headers["Link"] = ", ".join(self.links)
        object.__setattr__(self, "headers", headers)
        object.__setattr__(self, "_ready", ready(headers))

    def is_gone(self, now: float) -> bool:
        """Return whether the resource answers 410 at ``now``, in Unix time."""
        return self.gone and self.sunset is not None and now >= self.sunset

    @property
    def message(self) -> str:
        """What the 410 says."""
        instead = f" Use {self.replacement} instead." if self.replacement else ""
        return f"This was switched off.{instead}"

    def put_on(self, response: HttpResponseBase) -> None:
        """Add the headers. Those that are there stay; none is sent twice."""
        if self.links:
            _, known = headers_of(response).get("link", ("", ""))
            if known:
                new = [link for link in self.links if link not in known]
                response["Link"] = ", ".join([known, *new])
        put_missing(response, self._ready)


def deprecation(
    *,
    since: Moment | None = None,
    sunset: Moment | None = None,
    replacement: str | None = None,
    link: str | None = None,
    sunset_link: str | None = None,
    gone: bool = False,
) -> Deprecation:
    """Return a deprecation; see ``deprecated`` for the arguments.

    Raises:
        ValueError: for what is no date, a sunset before the deprecation (RFC 9745, section 4), a
            URL that fits into no header, or ``gone`` without a sunset.
    """
    ends = None if sunset is None else _unix_time(sunset)
    begins = 0 if since is None else _unix_time(since)
    if ends is not None and ends < begins:
        raise ValueError(f"The sunset {sunset} is before the deprecation {since}.")
    if gone and ends is None:
        raise ValueError("gone=True needs a sunset, after which the route is gone.")
    relations = (
        (replacement, "successor-version"),
        (link, "deprecation"),
        (sunset_link, "sunset"),
    )
    links = tuple(f'<{_url(url)}>; rel="{relation}"' for url, relation in relations if url)
    return Deprecation(begins, ends, replacement, links, gone)


def _unix_time(value: Moment) -> int:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is no date such as '2026-12-01'.") from error
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return int(value.timestamp())


def _url(value: str) -> str:
    if not (value.isascii() and value.isprintable()) or set(value) & set(' <>"'):
        raise ValueError(f"{value!r} is no URL that a Link header may hold.")
    return value
