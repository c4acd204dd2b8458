"""The decorators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ninja_boost_core import attach

from .changes import Lineage, VersionChange
from .deprecation import Moment, deprecation
from .hooks import DeprecationHook, VersionHook
from .requested import source_of

__all__ = ["deprecated", "require_version"]

_View = TypeVar("_View", bound=Callable[..., Any])


def require_version(
    *versions: str,
    header: str | None = None,
    query: str | None = None,
    accept: bool = False,
    default: str | None = None,
    changes: Iterable[VersionChange] = (),
) -> Callable[[_View], _View]:
    """Serve a view to clients that ask for one of these versions; others get a 400.

    Args:
        versions: what the view serves, the oldest first.
        header: the request header that names the version; ``VERSIONING["HEADER"]`` by default.
        query: a query parameter instead.
        accept: the parameter ``version`` of the media types in Accept instead.
        default: the version of a client that names none; without it, that is a 400 too.
        changes: what changed from version to version.

    Raises:
        ValueError: for arguments that make no sense together.
    """
    lineage = Lineage(versions, changes)
    return attach(VersionHook(lineage, source_of(header, query, accept), default))


def deprecated(
    *,
    since: Moment | None = None,
    sunset: Moment | None = None,
    replacement: str | None = None,
    link: str | None = None,
    sunset_link: str | None = None,
    gone: bool = False,
) -> Callable[[_View], _View]:
    """Mark a view as deprecated, in its responses, errors included, and in the OpenAPI document.

    Args:
        since: from when it counts as deprecated (RFC 9745); by default from the epoch, always.
        sunset: when it may stop working (RFC 8594).
        replacement: URL of what to use instead, as a link of relation ``successor-version``.
        link: URL of what there is to read about the deprecation.
        sunset_link: URL of what there is to read about the sunset.
        gone: answer 410 from the sunset on.

    Raises:
        ValueError: for what is no date or URL, or a sunset before the deprecation.
    """
    return attach(
        DeprecationHook(
            deprecation(
                since=since,
                sunset=sunset,
                replacement=replacement,
                link=link,
                sunset_link=sunset_link,
                gone=gone,
            )
        )
    )
