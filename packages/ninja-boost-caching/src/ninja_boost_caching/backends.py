"""A Django cache that may fail."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import InvalidCacheBackendError, caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.problems import Misconfigured
from ninja_boost_core.steps import Step, Steps

from ._statistics import count
from .keys import prefix_generation
from .memory import InProcess
from .settings import current_options
from .storage import fetch, forget

if TYPE_CHECKING:
    from django.core.cache.backends.base import BaseCache

    from .keys import Names
    from .representations import Entry

__all__ = ["Backend", "Unavailable", "current_backend"]

logger: logging.Logger = logging.getLogger("ninja_boost.caching")

MOST_OWED = 1000


_backends: WeakSet[Backend] = WeakSet()


class Unavailable(Exception):
    """The cache has failed, or is left alone because it just has."""


class Backend:
    """One of Django's caches.

    After a failure it is left alone for ``cooldown`` seconds, so that requests do not wait for
    its timeouts one after the other. An invalidation that failed is owed: this process reads
    nothing from the cache before it has made up for it.

    Args:
        alias: the cache, as in CACHES.

    Raises:
        ImproperlyConfigured: there is no such cache.
    """

    def __init__(self, alias: str, cooldown: float = 1.0) -> None:
        self.alias = alias
        self.cooldown = cooldown
        self._resting_until = 0.0
        self._owed: dict[str, object] = {}
        self._lock = threading.Lock()
        # Until it has been seen, the cache may be of any kind.
        self._blocks = self._changed = True
        self._in_process: InProcess | None = None
        try:
            self._notice(caches[alias])
        except (InvalidCacheBackendError, ImproperlyConfigured, ImportError) as error:
            raise Misconfigured(
                f"NINJA_BOOST: CACHE.ALIAS is {alias!r}, which is no cache that works: {error}",
                f"Set CACHE.ALIAS to one of CACHES: {', '.join(map(repr, settings.CACHES))}.",
            ) from error
        except Exception as error:  # noqa: BLE001 - a server that is down is no wrong setting
            self._failed(error)
        _backends.add(self)

    def recall(self, names: Names) -> Entry | None:
        """Return the answer in a cache of this process; None if there is none, or no such cache.

        Raises:
            Unavailable: the cache has failed, now or just before.
        """
        memory = self._in_process
        if memory is None or self._changed:
            return None
        if self._resting_until or self._owed:
            entry: Entry | None = self.call(fetch, names)
            return entry
        try:
            return memory.fetch(names)
        except Exception as error:
            raise self._failed(error) from error

    def step(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Step:
        """Return the step that calls ``function(cache, ...)``; it raises Unavailable alone."""
        return _Step(self, function, arguments, options)

    def invalidate(self, generations: Iterable[str]) -> Steps[bool]:
        """Invalidate what depends on the generations; return whether it is done.

        It is tried even while the cache is left alone, and owed if it fails.
        """
        names = tuple(generations)
        try:
            yield _Step(self, forget, (names,), {"patiently": True})
        except Unavailable:
            self._owe(names)
            return False
        count("invalidations")
        return True

    def call(
        self, function: Callable[..., Any], *arguments: Any, patiently: bool = False, **options: Any
    ) -> Any:
        """Call ``function(cache, ...)``; ``patiently`` even if the cache is left alone.

        Raises:
            Unavailable: the cache has failed, now or just before.
        """
        if not patiently:
            if self._resting_until and time.monotonic() < self._resting_until:
                raise Unavailable
            if self._owed:
                self._pay()
        return self._try(function, *arguments, **options)

    async def acall(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """See ``call``."""
        # One trip to the thread for all calls; the cache's own async methods make one each.
        if self._blocks or self._changed:
            return await sync_to_async(self.call)(function, *arguments, **options)
        return self.call(function, *arguments, **options)

    def _try(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            if self._changed:
                self._notice(caches[self.alias])
            return function(self._in_process or caches[self.alias], *arguments, **options)
        except Exception as error:
            # Each cache has client errors of its own.
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> Unavailable:
        """Leave the cache alone for a while."""
        self._resting_until = time.monotonic() + self.cooldown
        count("failures")
        logger.error(
            "The cache %r failed, and is left alone for %g s: %s: %s",
            self.alias,
            self.cooldown,
            type(error).__name__,
            error,
        )
        return Unavailable()

    def _notice(self, cache: BaseCache) -> None:
        """See what kind of cache it is."""
        self._blocks = not isinstance(cache, LocMemCache | DummyCache)
        self._in_process = InProcess(cache) if type(cache) is LocMemCache else None
        self._changed = False

    def _owe(self, names: tuple[str, ...]) -> None:
        with self._lock:
            self._owed.update({name: object() for name in names})
            if len(self._owed) > MOST_OWED:
                # Everything depends on the root.
                self._owed = {prefix_generation("/"): object()}

    def _pay(self) -> None:
        with self._lock:
            owed = dict(self._owed)
        self._try(forget, owed)
        with self._lock:
            for name, mark in owed.items():
                # What has been owed anew in the meantime is owed still.
                if self._owed.get(name) is mark:
                    del self._owed[name]


class _Step:
    """One question to the cache."""

    __slots__ = ("arguments", "backend", "function", "options")

    def __init__(
        self,
        backend: Backend,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        options: dict[str, Any],
    ) -> None:
        self.backend = backend
        self.function = function
        self.arguments = arguments
        self.options = options

    def run(self) -> Any:
        return self.backend.call(self.function, *self.arguments, **self.options)

    async def arun(self) -> Any:
        return await self.backend.acall(self.function, *self.arguments, **self.options)


def _follow(*, setting: str, **kwargs: object) -> None:
    if setting == "CACHES":
        for backend in _backends:
            backend._changed = True


setting_changed.connect(_follow, dispatch_uid="ninja_boost_caching.backends")

_current: Backend | None = None
_creating = threading.Lock()


@boost_settings.on_change
def _forget_current() -> None:
    global _current
    _current = None


def current_backend() -> Backend:
    """Return the cache that ALIAS names.

    Raises:
        ImproperlyConfigured: there is no such cache.
    """
    global _current
    backend = _current
    if backend is None:
        # One for all: it knows the generations of a locmem cache, and what is owed.
        with _creating:
            backend = _current
            if backend is None:
                options = current_options()
                backend = _current = Backend(options.ALIAS, options.COOLDOWN)
    return backend
