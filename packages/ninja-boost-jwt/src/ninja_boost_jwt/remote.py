"""The keys of another issuer: fetched, kept for a while, and never at the command of a token."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import IO, Any, Literal
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ninja_boost_core import ApiError
from ninja_boost_core.steps import Steps

from .key_sets import Key, keys_in
from .settings import JWKSOptions
from .statistics import count
from .waiting import Blocking

__all__ = ["KeysUnavailable", "RemoteKeys"]

logger: logging.Logger = logging.getLogger("ninja_boost.jwt")

MEDIA_TYPES = "application/jwk-set+json, application/json"
SPARE = 1.0
"""Seconds beyond the timeout until a fetch that does not end is given up."""


class KeysUnavailable(ApiError):
    """The issuer's keys cannot be fetched, so that nothing can be said about a token: a 503."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            503,
            "The token cannot be verified at the moment.",
            code="token_keys_unavailable",
            headers={"Retry-After": str(retry_after)},
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """A key set, and when it came. Times are seconds of ``time.monotonic()``."""

    keys: tuple[Key, ...]
    at: float

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """Return the key of this name; the only one there is for a token that names none."""
        if kid is None:
            only = self.keys[0] if len(self.keys) == 1 else None
            return only if only is not None and only.algorithm == algorithm else None
        for key in self.keys:
            if key.kid == kid and key.algorithm == algorithm:
                return key
        return None


Decision = Literal["use", "unknown", "fetch", "unavailable"]


def decide(
    options: JWKSOptions, fetched: Fetched | None, *, known: bool, attempted: float, now: float
) -> Decision:
    """Return what to do about a key.

    Args:
        options: the settings.
        fetched: the last set that came, if any did.
        known: whether the key is in it.
        attempted: when the last fetch began; minus infinity if there was none.
        now: the time.
    """
    age = float("inf") if fetched is None else now - fetched.at
    if known and age < options.CACHE:
        return "use"
    if now - attempted >= options.COOLDOWN:
        return "fetch"
    if age >= options.CACHE + options.STALE:
        return "unavailable"
    return "use" if known else "unknown"


class RemoteKeys:
    """The key set of one URL, in this process.

    A fetch runs in a thread of its own, one at a time: who needs its result waits for it, async
    code without a thread. Everything else is a look into memory.
    """

    def __init__(self, options: JWKSOptions) -> None:
        self.options = options
        self._url = options.URL or ""
        self._opener = build_opener(_NoRedirects)
        self._lock = threading.Lock()
        self._fetched: Fetched | None = None
        self._attempted = float("-inf")
        self._failing = False
        self._running: Future[None] | None = None

    def find(self, kid: str | None, algorithm: str) -> Steps[Key | None]:
        """Return the key, fetching the set if it is due and allowed.

        Raises:
            KeysUnavailable: there is no set young enough to say anything.
        """
        key, decision = self._look(kid, algorithm)
        if decision == "fetch":
            running = self._fetch_in_thread()
            # During an outage only the first who asks waits for it.
            if key is None or not self._failing or not self._usable():
                yield Blocking(lambda: self._wait(running), lambda: self._await(running))
            key, decision = self._look(kid, algorithm)
            if decision == "fetch":
                decision = "unavailable" if not self._usable() else "use"
        if decision == "unavailable":
            raise KeysUnavailable(self.options.COOLDOWN)
        return key

    def _look(self, kid: str | None, algorithm: str) -> tuple[Key | None, Decision]:
        fetched = self._fetched
        key = None if fetched is None else fetched.find(kid, algorithm)
        decision = decide(
            self.options,
            fetched,
            known=key is not None,
            attempted=self._attempted,
            now=time.monotonic(),
        )
        if decision in ("unknown", "unavailable") and self._running is not None:
            # The answer is on its way.
            return key, "fetch"
        return key, decision

    def _usable(self) -> bool:
        fetched = self._fetched
        limit = self.options.CACHE + self.options.STALE
        return fetched is not None and time.monotonic() - fetched.at < limit

    def _fetch_in_thread(self) -> Future[None]:
        with self._lock:
            now = time.monotonic()
            running = self._running
            # A process forked meanwhile has the future, but not the thread.
            hangs = now - self._attempted > 2 * (self.options.TIMEOUT + SPARE)
            if running is None or hangs:
                self._attempted = now
                self._running = running = Future()
                # From here on nobody who waits can cancel it.
                running.set_running_or_notify_cancel()
                threading.Thread(
                    target=self._fetch, args=(running,), name="ninja-boost-jwks", daemon=True
                ).start()
            return running

    def _wait(self, running: Future[None]) -> None:
        try:
            running.result(self.options.TIMEOUT + SPARE)
        except TimeoutError:
            logger.warning("The key set of %s does not come in time.", self._url)

    async def _await(self, running: Future[None]) -> None:
        try:
            # Who is cancelled must not cancel the fetch of the others.
            waiting = asyncio.shield(asyncio.wrap_future(running))
            await asyncio.wait_for(waiting, self.options.TIMEOUT + SPARE)
        except TimeoutError:
            logger.warning("The key set of %s does not come in time.", self._url)

    def _fetch(self, running: Future[None]) -> None:
        count("jwks_fetches")
        try:
            keys = keys_in(self._download(), self.options.ALGORITHMS)
        except Exception as error:  # noqa: BLE001 - whatever it is, waiting must end
            count("jwks_failures")
            self._failing = True
            logger.warning(
                "The key set of %s cannot be fetched: %s: %s",
                self._url,
                type(error).__name__,
                error,
            )
        else:
            if not keys:
                logger.warning("The key set of %s has no key that can be used.", self._url)
            self._fetched = Fetched(keys, time.monotonic())
            self._failing = False
        finally:
            with self._lock:
                if self._running is running:
                    self._running = None
            running.set_result(None)

    def _download(self) -> bytes:
        options = self.options
        deadline = time.monotonic() + options.TIMEOUT
        # Only https and, with DEBUG, http get past the settings.
        request = Request(self._url, headers={"Accept": MEDIA_TYPES})  # noqa: S310
        with self._opener.open(request, timeout=options.TIMEOUT) as response:
            if response.status != 200:
                raise OSError(f"The answer is {response.status}.")
            body = b""
            while piece := response.read1(options.MAX_BYTES + 1 - len(body)):
                body += piece
                if len(body) > options.MAX_BYTES:
                    raise OSError(f"It has more than {options.MAX_BYTES} bytes.")
                if time.monotonic() > deadline:
                    raise TimeoutError(f"It takes more than {options.TIMEOUT} seconds.")
            return body


class _NoRedirects(HTTPRedirectHandler):
    """The URL of the settings is the one that is trusted."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        raise OSError(f"The answer is a redirect ({code}), which is not followed.")
