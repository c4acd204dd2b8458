"""Runs checks: at once, each bounded in time, and none twice at a time.

A check runs in a daemon thread, because nothing can stop one that hangs. It is not started again
while it does: who asks meanwhile gets its failure at once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import connections

from ninja_boost_core.callables import is_async
from ninja_boost_core.conf import boost_settings
from ninja_boost_core.steps import Do, Steps

from .registry import Check, CheckFailed
from .settings import HealthSettings

__all__ = ["Result", "Runner"]

logger: logging.Logger = logging.getLogger("ninja_boost.health")


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found.

    Attributes:
        check: the check.
        ok: whether all is well.
        detail: what is wrong, for those who may see it.
        duration: seconds that it took.
        at: ``time.monotonic()`` when it had ended.
    """

    check: Check
    ok: bool
    detail: str | None
    duration: float
    at: float


@dataclass(frozen=True, slots=True)
class _Flight:
    check: Check
    future: Future[Result]
    started: float


class Runner:
    """Remembers results and what is running; one for a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: dict[str, Result] = {}
        self._flights: dict[str, _Flight] = {}
        self._failing: set[str] = set()

    def results(self, checks: Sequence[Check]) -> Steps[list[Result]]:
        """Return the result of each check, a fresh enough old one or a new one."""
        options = boost_settings.section(HealthSettings).HEALTH
        default = (
            (0.0 if settings.DEBUG else 1.0) if options.CACHE_TIME is None else (options.CACHE_TIME)
        )
        found: dict[str, Result] = {}
        flights: list[tuple[_Flight, float]] = []
        for check in checks:
            fresh_for = default if check.cache_time is None else check.cache_time
            answer = self._begin(check, fresh_for)
            if isinstance(answer, Result):
                found[check.name] = answer
            else:
                timeout = options.TIMEOUT if check.timeout is None else check.timeout
                flights.append((answer, answer.started + timeout))
        pending = list(flights)
        while pending:
            # Those with the shorter timeout must not wait for the others.
            deadline = min(until for _, until in pending)
            futures = [flight.future for flight, _ in pending]
            left = max(0.0, deadline - monotonic())
            yield Do(partial(wait, futures, left), partial(_await, futures, left))
            now = monotonic()
            pending = [
                (flight, until)
                for flight, until in pending
                if not flight.future.done() and until > now
            ]
        for flight, until in flights:
            found[flight.check.name] = self._outcome(flight, until)
        for result in found.values():
            self._report(result)
        return [found[check.name] for check in checks]

    def forget(self) -> None:
        """Forget all results; what is running goes on."""
        with self._lock:
            self._results.clear()
            self._failing.clear()

    def _begin(self, check: Check, fresh_for: float) -> Result | _Flight:
        with self._lock:
            flight = self._flights.get(check.name)
            if flight is not None and flight.check.function is check.function:
                return flight
            known = self._results.get(check.name)
            if known is not None and known.check == check and monotonic() - known.at < fresh_for:
                return known
            flight = _Flight(check, Future(), monotonic())
            self._flights[check.name] = flight
        threading.Thread(
            target=self._run, args=(flight,), name=f"health-{check.name}", daemon=True
        ).start()
        return flight

    def _run(self, flight: _Flight) -> None:
        check = flight.check
        error: BaseException | None = None
        try:
            function: Any = check.function
            answer = asyncio.run(_value(function)) if is_async(function) else function()
            if answer is False:
                error = CheckFailed("It returned False.")
        except BaseException as raised:  # noqa: BLE001 - the result says so
            error = raised
        finally:
            # Of this thread; a new one cannot be stale.
            connections.close_all()
        now = monotonic()
        detail = None if error is None else _detail(error)
        result = Result(check, error is None, detail, now - flight.started, now)
        with self._lock:
            self._results[check.name] = result
            if self._flights.get(check.name) is flight:
                del self._flights[check.name]
        flight.future.set_result(result)

    def _outcome(self, flight: _Flight, until: float) -> Result:
        if flight.future.done():
            return flight.future.result()
        allowed = until - flight.started
        detail = f"No answer within {allowed:g} s."
        now = monotonic()
        return Result(flight.check, False, detail, now - flight.started, now)

    def _report(self, result: Result) -> None:
        """Log when a check begins to fail, and when it is well again."""
        name = result.check.name
        with self._lock:
            changed = result.ok is (name in self._failing)
            if not changed:
                return
            (self._failing.discard if result.ok else self._failing.add)(name)
        if result.ok:
            logger.info("The check %r is well again.", name)
        else:
            logger.warning("The check %r fails: %s", name, result.detail)


async def _await(futures: Sequence[Future[Result]], seconds: float) -> None:
    # Shielded: a probe that is given up must not cancel what others wait for.
    waiting = [asyncio.shield(asyncio.wrap_future(future)) for future in futures]
    await asyncio.wait(waiting, timeout=seconds)
    for each in waiting:
        each.cancel()


async def _value(function: Any) -> Any:
    return await function()


def _detail(error: BaseException) -> str:
    # Texts of other errors may hold what must not be shown, such as an address with a password.
    name = type(error).__name__
    shown = isinstance(error, CheckFailed | AssertionError) and str(error)
    return f"{name}: {error}" if shown else name
