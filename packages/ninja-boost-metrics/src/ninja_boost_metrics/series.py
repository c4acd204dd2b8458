"""What a request is counted under: pure functions from a request's facts to labels.

Every value comes from a set that no client can enlarge: the methods of the standards, the URL
configuration, the statuses and exceptions of the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = [
    "ACTIVE_REQUESTS",
    "MILLISECONDS",
    "OVERFLOW",
    "REQUEST_DURATION_MS",
    "REQUEST_ERRORS_TOTAL",
    "REQUEST_TOTAL",
    "SECONDS",
    "SEMANTIC_DURATION",
    "SEMANTIC_HELP",
    "UNMATCHED",
    "RequestSeries",
    "known_method",
    "series_of",
]

REQUEST_TOTAL: Final = "request_total"
REQUEST_DURATION_MS: Final = "request_duration_ms"
REQUEST_ERRORS_TOTAL: Final = "request_errors_total"
ACTIVE_REQUESTS: Final = "active_requests"
SEMANTIC_DURATION: Final = "http.server.request.duration"
SEMANTIC_HELP: Final = "Duration of HTTP server requests."

UNMATCHED: Final = "unmatched"
"""The route of all paths that no URL pattern matches; a real one begins with a slash."""

OTHER: Final = "_OTHER"
OVERFLOW: Final = "_overflow"
DISCONNECTED: Final = "client_disconnected"
CLIENT_CLOSED: Final = 499

# https://opentelemetry.io/docs/specs/semconv/http/http-metrics/ has the boundaries, in seconds,
# and the methods: RFC 9110, PATCH of RFC 5789, and QUERY.
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
MILLISECONDS: Final = tuple(round(bound * 1000.0, 3) for bound in SECONDS)
_METHODS: Final = {
    method: method
    for method in (
        "CONNECT",
        "DELETE",
        "GET",
        "HEAD",
        "OPTIONS",
        "PATCH",
        "POST",
        "PUT",
        "QUERY",
        "TRACE",
    )
}


@dataclass(frozen=True, slots=True)
class RequestSeries:
    """The labels under which one kind of request is recorded.

    Attributes:
        counted: of ``request_total``.
        timed: of ``request_duration_ms``.
        failed: of ``request_errors_total``; None for requests that are no errors.
        semantic: attributes of ``http.server.request.duration``; one that does not apply is
            missing. The status code is an integer there.
    """

    counted: Mapping[str, str]
    timed: Mapping[str, str]
    failed: Mapping[str, str] | None
    semantic: Mapping[str, str | int]


def known_method(method: str | None) -> str:
    """Return a method of the standards as it is, and ``_OTHER`` for any other."""
    return _METHODS.get(method or "", OTHER)


def series_of(
    method: str,
    route: str | None,
    status: int,
    scheme: str,
    error: type[BaseException] | None,
    *,
    disconnected: bool = False,
) -> RequestSeries:
    """Return the labels of a request.

    Args:
        method: what ``known_method`` returned.
        route: the route template; None if no URL pattern matched.
        status: of the response; 499 if the client left before there was one.
        scheme: ``http`` or ``https``.
        error: class of the unexpected exception.
        disconnected: whether the client left before there was a response.
    """
    named = UNMATCHED if route is None else route
    failed = status >= 500 or (error is not None and not disconnected)
    kind: str | None = None
    if disconnected:
        kind = DISCONNECTED
    elif failed:
        kind = str(status) if error is None else _qualified_name(error)
    semantic: dict[str, str | int] = {"http.request.method": method, "url.scheme": scheme}
    if route is not None:
        semantic["http.route"] = route
    if not disconnected:
        semantic["http.response.status_code"] = status
    if kind is not None:
        semantic["error.type"] = kind
    return RequestSeries(
        counted={"method": method, "route": named, "status": str(status)},
        timed={"method": method, "route": named},
        failed={"method": method, "route": named, "error": kind or ""} if failed else None,
        semantic=semantic,
    )


def overflowing(*, failed: bool) -> RequestSeries:
    """Return the labels that all requests beyond the cap share."""
    counted = dict.fromkeys(("method", "route", "status"), OVERFLOW)
    timed = dict.fromkeys(("method", "route"), OVERFLOW)
    errors = dict.fromkeys(("method", "route", "error"), OVERFLOW)
    names = ("http.request.method", "url.scheme", "http.route", "http.response.status_code")
    return RequestSeries(
        counted, timed, errors if failed else None, dict.fromkeys((*names, "error.type"), OVERFLOW)
    )


def _qualified_name(error: type[BaseException]) -> str:
    if error.__module__ == "builtins":
        return error.__qualname__
    return f"{error.__module__}.{error.__qualname__}"
