"""Which version a request asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.http.request import HttpHeaders

from ninja_boost_core import ApiError
from ninja_boost_core.conf import boost_settings

from .settings import VersioningSettings

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["Source", "choose", "source_of", "version_of"]

VERSION = "_boost_api_version"
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_ACCEPT_VERSION = re.compile(r';\s*version\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)


def version_of(request: HttpRequest) -> str | None:
    """Return the version that serves a request; None outside versioned operations.

    Views that take a ``ctx`` find it as ``ctx["api_version"]``.
    """
    version: str | None = getattr(request, VERSION, None)
    return version


@dataclass(frozen=True, slots=True)
class Source:
    """Where clients name the version.

    Attributes:
        kind: ``"header"``, ``"query"``, or ``"accept"`` for the parameter ``version`` of the media
            types in Accept; ``"path"`` where the URL says it.
        given: name of the header or query parameter; None for the header of the settings.
    """

    kind: Literal["header", "query", "accept", "path"]
    given: str | None = None

    @property
    def name(self) -> str:
        if self.given is not None:
            return self.given
        return "Accept" if self.kind == "accept" else _header()

    @property
    def echo(self) -> str:
        """The response header that tells the version."""
        if self.kind == "header":
            return self.name
        return _header()

    @property
    def vary(self) -> str | None:
        """The request header on which the response depends."""
        return self.name if self.kind in ("header", "accept") else None

    @property
    def key(self) -> str:
        """Where ``request.META`` has the header: ``request.headers`` would copy all of them."""
        return HttpHeaders.to_wsgi_name(self.name)

    def read(self, request: HttpRequest) -> set[str]:
        """Return the versions that the request names; more than one contradict each other."""
        if self.kind == "query":
            return {value.strip() for value in request.GET.getlist(self.name)}
        value = request.META.get(self.key, "")
        if self.kind == "accept":
            return {quoted or plain for quoted, plain in _ACCEPT_VERSION.findall(value)}
        return {value.strip()} - {""}

    def __str__(self) -> str:
        return self.kind if self.kind in ("path", "accept") else f"{self.kind} {self.name}"


def _header() -> str:
    return boost_settings.section(VersioningSettings).VERSIONING.HEADER


def source_of(header: str | None, query: str | None, accept: bool) -> Source:
    """Return the strategy that the arguments of a decorator or router choose.

    Raises:
        ValueError: for more than one, or a name that no header may have.
    """
    if (header is not None) + (query is not None) + bool(accept) > 1:
        raise ValueError("Give one of header=, query= and accept=.")
    if header is not None and not _TOKEN.fullmatch(header):
        raise ValueError(f"{header!r} is no name of a header.")
    if query is not None:
        if not query:
            raise ValueError("query= is the name of a query parameter.")
        return Source("query", query)
    return Source("accept") if accept else Source("header", header)


def choose(
    found: Iterable[str], versions: tuple[str, ...], default: str | None, where: Source
) -> str:
    """Return the version asked for.

    Raises:
        ApiError: 400, listing the versions, for none, an unknown one or several.
    """
    named = sorted(found)
    if not named and default is not None:
        return default
    if len(named) == 1 and named[0] in versions:
        return named[0]
    if not named:
        problem, code = f"Name the API version ({where}).", "version_required"
    elif len(named) > 1:
        problem, code = f"More than one API version ({where}).", "unknown_version"
    else:
        problem, code = f"Unknown API version {named[0][:40]!r}.", "unknown_version"
    raise ApiError(
        400,
        f"{problem} Known: {', '.join(versions)}.",
        code=code,
        details={"versions": list(versions)},
    )
