"""Names in the cache: of an answer, of its lock, and of the generations that it depends on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

from ninja_boost_core.client_address import is_secure
from ninja_boost_core.django_settings import made_of

from .locales import current_locale

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = [
    "GENERATION",
    "Names",
    "key_generations",
    "names_of",
    "prefix_generation",
    "raw_key",
    "sorted_query",
    "tag_generations",
]

PREFIX = "nbc:"
GENERATION = f"{PREFIX}g:"
DEEPEST = 16
"""Segments of a path that can be invalidated on their own."""

ROOT = "/"

# Names that every encoding reads alike; only pairs with such names are put in order.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.\-\[\]]*")


@dataclass(frozen=True, slots=True)
class Names:
    """The names that one request looks up.

    ``generations`` begins with that of the raw key; those of its path and of its tags follow.
    """

    entry: str
    lock: str
    generations: tuple[str, ...]
    looked_up: tuple[str, ...]


def raw_key(view: str, path: str, query: str) -> str:
    """Return ``<module>.<view>:<path>:<query string>``, as ``invalidate_key`` takes it."""
    return f"{view}:{path}:{sorted_query(query)}"


def sorted_query(query: str) -> str:
    """Return the query string with its pairs ordered by name, where that changes nothing.

    Values of one name keep their order. An escaped name may be another spelling of its
    neighbour, so that a query which has one stays as it is.
    """
    if "&" not in query:
        return query
    pairs = query.split("&")
    names = [pair.partition("=")[0] for pair in pairs]
    if not all(map(_PLAIN_NAME.fullmatch, names)):
        return query
    return "&".join(pair for _, pair in sorted(zip(names, pairs, strict=True), key=_name))


def _name(pair: tuple[str, str]) -> str:
    return pair[0]


def names_of(
    request: HttpRequest, view: str, tags: tuple[str, ...], variant: tuple[Any, ...]
) -> Names:
    """Return the names for a request.

    Args:
        variant: what else tells answers apart: principal, tenant, headers; texts and tuples.
    """
    meta = request.META
    forwarded_host, forwarded_port = _switches()
    return _names(
        view,
        request.path,
        meta.get("QUERY_STRING", ""),
        is_secure(request),
        meta.get("HTTP_HOST") or (meta.get("SERVER_NAME"), meta.get("SERVER_PORT")),
        meta.get("HTTP_X_FORWARDED_HOST") if forwarded_host else None,
        meta.get("HTTP_X_FORWARDED_PORT") if forwarded_port else None,
        current_locale(),
        variant,
        tags,
    )


@made_of("USE_X_FORWARDED_HOST", "USE_X_FORWARDED_PORT")
def _switches() -> tuple[bool, bool]:
    """Return what the settings say; asking them takes longer than all else here."""
    return bool(settings.USE_X_FORWARDED_HOST), bool(settings.USE_X_FORWARDED_PORT)


@lru_cache(maxsize=1024)
def _names(view: str, path: str, query: str, *parts: Any) -> Names:
    *apart, tags = parts
    raw = raw_key(view, path, query)
    # Of the raw key alone it is not certain where the path ends. The repr of texts and tuples can
    # be read back, so no two of them are alike.
    text = repr((len(path), raw, *apart))
    digest = hashlib.sha256(text.encode()).hexdigest()
    entry, lock = f"{PREFIX}e:{digest}", f"{PREFIX}l:{digest}"
    generations = (_generation("k", raw), *_prefixes(path), *tag_generations(tags))
    return Names(entry, lock, generations, (entry, *generations))


def key_generations(raw: str) -> tuple[str, ...]:
    """Return the generations of a raw key, with its query in any order.

    A path and a query may both have colons; each that may be the one between them counts.
    """
    view, _, rest = raw.partition(":")
    pieces = rest.split(":")
    candidates = {raw} | {
        raw_key(view, ":".join(pieces[:cut]), ":".join(pieces[cut:]))
        for cut in range(1, len(pieces))
    }
    return tuple(_generation("k", candidate) for candidate in sorted(candidates))


def prefix_generation(prefix: str) -> str:
    """Return the generation of a path and of all that is below it."""
    return list(_prefixes(prefix))[-1]


def tag_generations(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(_generation("t", tag) for tag in tags)


def _prefixes(path: str) -> Iterator[str]:
    yield _generation("p", ROOT)
    prefix = ""
    segments = [segment for segment in path.split("/") if segment]
    for segment in segments[:DEEPEST]:
        prefix = f"{prefix}/{segment}"
        yield _generation("p", prefix)


def _generation(kind: str, text: str) -> str:
    digest = hashlib.blake2b(repr(text).encode(), digest_size=16).hexdigest()
    return f"{GENERATION}{kind}:{digest}"
