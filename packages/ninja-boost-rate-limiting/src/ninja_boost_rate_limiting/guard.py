"""What stands between the limits and a backend that may fail."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from ninja_boost_core.conf import boost_settings
from ninja_boost_core.problems import Misconfigured, MissingDependency

from .backends.base import Backend, BackendError, Bucket
from .gcra import Decision
from .settings import RateLimitOptions, RateLimitSettings

__all__ = ["Guard", "count", "current_guard", "current_options", "statistics"]

logger: logging.Logger = logging.getLogger("ninja_boost.rate_limiting")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
LOG_EVERY = 10.0


class Breaker:
    """Keeps a failing backend from being asked by everybody.

    After a failure nobody asks for a while; then one request does, and if that fails the while
    is twice as long. Each process takes it somewhat longer or shorter, so that not all of them
    come back at once.

    Args:
        clock: seconds that never go backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.failures: int = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._pause = FIRST_PAUSE
        self._closed_until = 0.0
        self._logged = -LOG_EVERY

    def admits(self) -> bool:
        """Whether the caller may ask the backend."""
        if not self.failures:
            return True
        with self._lock:
            now = self._clock()
            if now < self._closed_until:
                return False
            # For this request's time the others wait on; if it is never heard of again, the
            # next one asks.
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            self._close(now)
            return True

    def failed(self, error: BackendError) -> None:
        with self._lock:
            now = self._clock()
            if not self.failures:
                self._pause = FIRST_PAUSE
            self.failures += 1
            # One that began before the pause says nothing new about the backend.
            if now >= self._closed_until:
                self._close(now)
            if now - self._logged < LOG_EVERY:
                return
            self._logged = now
            failures = self.failures
        logger.error("The rate limit backend fails (%d since it last worked): %s", failures, error)

    def succeeded(self) -> None:
        if not self.failures:
            return
        with self._lock:
            failures, self.failures = self.failures, 0
            self._closed_until = 0.0
            self._logged = -LOG_EVERY
        if failures:
            logger.warning("The rate limit backend works again, after %d failures.", failures)

    @property
    def retry_after(self) -> int:
        """Whole seconds after which a request may find the backend working."""
        return max(1, round(self._closed_until - self._clock() + 0.5))

    def _close(self, now: float) -> None:
        self._closed_until = now + self._pause * random.uniform(0.75, 1.25)  # noqa: S311


class Guard:
    """A backend and its breaker. A hit is None while the backend fails."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.breaker: Breaker = Breaker()

    def hit(self, bucket: Bucket, client: str, cost: int) -> Decision | None:
        breaker = self.breaker
        if breaker.failures and not breaker.admits():
            return None
        try:
            decision = self.backend.hit(bucket, client, cost)
        except BackendError as error:
            self._failed(error)
            return None
        if breaker.failures:
            breaker.succeeded()
        return decision

    async def ahit(self, bucket: Bucket, client: str, cost: int) -> Decision | None:
        breaker = self.breaker
        if breaker.failures and not breaker.admits():
            return None
        try:
            decision = await self.backend.ahit(bucket, client, cost)
        except BackendError as error:
            self._failed(error)
            return None
        if breaker.failures:
            breaker.succeeded()
        return decision

    def _failed(self, error: BackendError) -> None:
        count("backend_failures")
        self.breaker.failed(error)


_lock = threading.Lock()
_guard: Guard | None = None
_counts: Counter[str] = Counter()


def current_options() -> RateLimitOptions:
    """Return ``NINJA_BOOST["RATE_LIMIT"]``."""
    return boost_settings.section(RateLimitSettings).RATE_LIMIT


def current_guard() -> Guard:
    """Return the guard of the backend that the settings name.

    Raises:
        ImproperlyConfigured: naming the setting, if that is no backend or cannot be made.
    """
    return _guard or _current_guard()


def _current_guard() -> Guard:
    global _guard
    options = current_options()
    with _lock:
        if _guard is None:
            _guard = Guard(_make_backend(options))
        return _guard


def _make_backend(options: RateLimitOptions) -> Backend:
    value = options.resolve("BACKEND")
    if isinstance(value, type) and issubclass(value, Backend):
        try:
            value = value.from_settings(options)
        except MissingDependency as error:
            raise Misconfigured(
                "NINJA_BOOST: RATE_LIMIT.BACKEND needs a library that is not installed.",
                error.hint,
            ) from error
    if not isinstance(value, Backend):
        raise Misconfigured(
            f"NINJA_BOOST: RATE_LIMIT.BACKEND is {value!r:.80}.",
            "Make it a subclass of ninja_boost_rate_limiting.Backend, an instance of one, or a "
            "dotted path to either such as 'ninja_boost_rate_limiting.InMemoryBackend'.",
        )
    return value


@boost_settings.on_change
def _forget_guard() -> None:
    global _guard
    _guard = None


def _reset_backend() -> None:
    """Forget all counts and start with a backend that the settings name now; for tests."""
    global _guard
    guard = current_guard()
    guard.backend.clear()
    with _lock:
        _guard = None
        _counts.clear()


def count(name: str) -> None:
    with _lock:
        _counts[name] += 1


def statistics() -> Mapping[str, int]:
    """Return what has been counted in this process since it started.

    Keys: ``refused`` (429), ``shadowed`` (would have been), ``backend_failures``,
    ``admitted_unchecked`` and ``refused_unchecked`` (requests for which there was no backend,
    by ``on_error``).
    """
    names = (
        "refused",
        "shadowed",
        "backend_failures",
        "admitted_unchecked",
        "refused_unchecked",
    )
    with _lock:
        return {name: _counts[name] for name in names}
