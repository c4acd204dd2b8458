"""Live questions to what a project uses: what ``manage.py boost_doctor`` asks.

A feature returns its own from ``Feature.pings()``, with the helpers of this module.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from .contract import Hook
from .inventory import operations
from .operation import BoostOperation

__all__ = [
    "Ping",
    "PingFailed",
    "describe_cache",
    "probe_cache",
    "probe_migrations",
    "redacted",
    "served_hooks",
]

_LIFETIME = 60
"""Seconds after which the cache forgets what a failed ping has left in it."""

_Hook = TypeVar("_Hook", bound=Hook)


@dataclass(frozen=True, slots=True)
class Ping:
    """A question to something that the project uses.

    Attributes:
        name: what is asked, such as ``"rate limits: RedisBackend"``.
        probe: takes nothing and raises whatever is wrong; may return one line of detail. It runs
            in a thread of its own, with database connections of its own, and is given up after
            a while. What it says is shown after ``redacted``.
        hint: what to do if it fails.
    """

    name: str
    probe: Callable[[], str | None]
    hint: str = ""


class PingFailed(Exception):
    """Raised by a probe that found something wrong; only its text is shown.

    Args:
        problem: what is wrong.
        hint: what to do about it, in place of the ping's own.
    """

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint


def served_hooks(kind: type[_Hook]) -> Iterator[_Hook]:
    """Yield each hook of ``kind`` at an operation that the URLs serve, if it takes part there.

    Raises:
        ImproperlyConfigured: naming what is wrong with such a hook.
    """
    if not getattr(settings, "ROOT_URLCONF", None):
        return
    for _, operation in operations():
        if not isinstance(operation, BoostOperation):
            continue
        for hook in operation._registration.hooks:
            if isinstance(hook, kind) and hook.bind(operation) is not None:
                yield hook


def probe_cache(alias: str) -> str:
    """Write, read, add and count in a Django cache, under a random key; return what it is.

    Raises:
        PingFailed: if it answers wrongly.
        Exception: whatever the cache's client raises.
    """
    cache = caches[alias]
    if isinstance(cache, DummyCache):
        return describe_cache(alias)
    key, value = f"ninja_boost.doctor:{secrets.token_hex(8)}", secrets.token_hex(4)
    cache.set(key, value, _LIFETIME)
    if cache.get(key) != value:
        raise PingFailed(f"The cache {alias!r} does not keep what is written to it.")
    if cache.add(key, "another", _LIFETIME):
        raise PingFailed(f"add() of the cache {alias!r} replaces what is there.")
    cache.delete(key)
    if not cache.add(key, 1, _LIFETIME) or cache.incr(key) != 2:
        raise PingFailed(f"The cache {alias!r} does not count.")
    cache.delete(key)
    return describe_cache(alias)


def describe_cache(alias: str) -> str:
    """Return the kind of a Django cache, and where it is."""
    cache = caches[alias]
    kind = type(cache).__name__
    if isinstance(cache, DummyCache):
        return f"{kind}: keeps nothing"
    if isinstance(cache, LocMemCache):
        return f"{kind}: each process has its own"
    location = settings.CACHES[alias].get("LOCATION") or ()
    places = location if isinstance(location, list | tuple) else (location,)
    return redacted(" ".join([kind, *map(str, places)]))


def probe_migrations(app_label: str, alias: str) -> None:
    """Raise PingFailed if migrations of an app wait to be applied to a database."""
    loader = MigrationLoader(connections[alias])
    applied = loader.applied_migrations
    waiting = [key for key in loader.graph.nodes if key[0] == app_label and key not in applied]
    if waiting:
        names = ", ".join(sorted(name for _, name in waiting))
        raise PingFailed(
            f"Migrations of {app_label} are not applied to {alias!r}: {names}.",
            f"Run: manage.py migrate {app_label} --database {alias}",
        )


_USERINFO = re.compile(r"(?<=://)\S*@")
_SENSITIVE = r"[\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|signature)[\w.-]*"
_PAIRS = (
    re.compile(rf"(\b{_SENSITIVE}=)(\"[^\"]*\"|'[^']*'|[^\s&;,)]+)", re.IGNORECASE),
    re.compile(rf"(['\"]{_SENSITIVE}['\"]: ?)(\"[^\"]*\"|'[^']*'|[^\s,}}]+)", re.IGNORECASE),
    re.compile(r"(\b(?:Bearer|Basic) +)(\S+)", re.IGNORECASE),
    re.compile(r"()(\beyJ[\w-]+\.[\w-]+\.[\w-]*)"),
)


def redacted(text: str) -> str:
    """Return ``text`` without what stands before the host of a URL, passwords and tokens."""
    text = _USERINFO.sub("***@", text)
    for pattern in _PAIRS:
        text = pattern.sub(r"\1***", text)
    return text
