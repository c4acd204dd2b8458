"""Instances that live equally long: each is made once, and all are cleaned up together."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, NoReturn

from asgiref.sync import async_to_sync

from ninja_boost_core.steps import Do, Steps, arun, run

from .definitions import MISSING, Definition
from .errors import ServiceError

__all__ = ["Lifetime", "failures"]

logger: logging.Logger = logging.getLogger("ninja_boost.services")

failures: Counter[str] = Counter()
"""How often the clean-up of each service failed, by name."""

Key = tuple[Any, str]
ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


@dataclass(frozen=True, slots=True)
class _Exit:
    """How to leave one context manager."""

    name: str
    leave: Callable[..., Any]
    is_async: bool

    def step(self, error: BaseException | None) -> Do:
        """Return what went wrong, so that the others are left too, or None."""
        return Do(partial(self._run, error), partial(self._arun, error))

    def _run(self, error: BaseException | None) -> BaseException | None:
        try:
            leave = async_to_sync(self.leave) if self.is_async else self.leave
            leave(*_exc_info(error))
        except BaseException as raised:  # noqa: BLE001 - the caller raises or logs it
            return raised
        return None

    async def _arun(self, error: BaseException | None) -> BaseException | None:
        try:
            outcome = self.leave(*_exc_info(error))
            if self.is_async:
                await outcome
        except BaseException as raised:  # noqa: BLE001 - the caller raises or logs it
            return raised
        return None


class _Flight(Future[None]):
    """An instance that is being made; others wait for it, in threads and tasks alike."""

    def __init__(self) -> None:
        super().__init__()
        # A task that waits and is cancelled must not cancel this for everybody.
        self.set_running_or_notify_cancel()
        self.thread: int = threading.get_ident()


class Lifetime:
    """The instances of one request, of one override, or of the process."""

    __slots__ = ("_flights", "_lock", "exits", "instances")

    def __init__(self) -> None:
        self.instances: dict[Key, Any] = {}
        self.exits: list[_Exit] = []
        self._flights: dict[Key, _Flight] = {}
        self._lock = threading.Lock()

    def get(self, key: Key, make: Callable[[], Steps[Any]]) -> Any:
        """Return the instance, which ``make`` makes if there is none.

        Of concurrent callers one makes it; the others get it, or the exception.
        """
        while (found := self.instances.get(key, MISSING)) is MISSING:
            flight, mine = self._board(key)
            if mine:
                with self._landing(key, flight):
                    self.instances[key] = run(make())
            elif flight.thread == threading.get_ident():
                raise ServiceError(
                    f"The service {key[1]!r} is being made in this very thread: its factory asks "
                    "for it, or another task makes it; then await aget()."
                )
            else:
                flight.result()
        return found

    async def aget(self, key: Key, make: Callable[[], Steps[Any]]) -> Any:
        """See ``get``."""
        while (found := self.instances.get(key, MISSING)) is MISSING:
            flight, mine = self._board(key)
            if mine:
                with self._landing(key, flight):
                    self.instances[key] = await arun(make())
            else:
                await asyncio.wrap_future(flight)
        return found

    async def landed(self, key: Key) -> None:
        """Wait until no other thread is making the instance."""
        flight = self._flights.get(key)
        if flight is not None and flight.thread != threading.get_ident():
            done, _ = await asyncio.wait([asyncio.wrap_future(flight)])
            done.pop().exception()  # Those who ask for the instance learn of it.

    def enter(self, definition: Definition, made: Any) -> Steps[Any]:
        """Enter what is a context manager, so that ``close`` leaves it; return the service."""
        if not definition.enter:
            return made
        cls = type(made)
        is_async = hasattr(cls, "__aenter__")
        if is_async and not definition.is_async and not hasattr(cls, "__enter__"):
            raise ServiceError(
                f"The factory of {definition.name!r} made an async context manager, which sync "
                "code cannot enter: make the factory a coroutine function."
            )
        if is_async and definition.is_async:
            service = yield Do(_refuse, lambda: cls.__aenter__(made))
            self.exits.append(_Exit(definition.name, partial(cls.__aexit__, made), True))
            return service
        if hasattr(cls, "__enter__"):
            service = cls.__enter__(made)
            self.exits.append(_Exit(definition.name, partial(cls.__exit__, made), False))
            return service
        return made

    @property
    def needs_loop(self) -> bool:
        """Whether async code has to clean up."""
        return any(each.is_async for each in self.exits)

    def close(self, error: BaseException | None = None) -> Steps[None]:
        """Clean up in the reverse order, and forget the instances.

        Each context manager is told ``error``; none can suppress it, and none keeps the others
        from being left. What they raise is logged and counted; the first is raised if there is
        no ``error`` already.
        """
        problems: list[tuple[str, BaseException]] = []
        while self.exits:
            leaving = self.exits.pop()
            problem = yield leaving.step(error)
            if problem is not None and problem is not error:
                failures[leaving.name] += 1
                problems.append((leaving.name, problem))
        # Until now: what is cleaned up last may still be asked for.
        self.instances = {}
        raised = _worst(problem for _, problem in problems) if error is None else None
        for name, problem in problems:
            if problem is not raised:
                logger.error(
                    "The clean-up of the service %r failed.",
                    name,
                    exc_info=problem,
                    extra={"service": name},
                )
        if raised is not None:
            raise raised

    def _board(self, key: Key) -> tuple[_Flight, bool]:
        """Return the flight that makes the instance, and whether the caller is its pilot."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = _Flight()
            if key in self.instances:  # since the caller looked
                flight.set_result(None)
                flight.thread = 0
                return flight, False
            self._flights[key] = flight
            return flight, True

    @contextmanager
    def _landing(self, key: Key, flight: _Flight) -> Iterator[None]:
        problem: Exception | None = None
        try:
            yield
        except Exception as error:
            problem = error
            raise
        finally:
            with self._lock:
                del self._flights[key]
            if problem is None:
                # After a cancellation too: then one of those who wait tries again.
                flight.set_result(None)
            else:
                flight.set_exception(problem)


def _exc_info(error: BaseException | None) -> ExcInfo:
    return (None, None, None) if error is None else (type(error), error, error.__traceback__)


def _worst(problems: Iterable[BaseException]) -> BaseException | None:
    """Return the first, or the first that is no plain exception, such as a cancellation."""
    found = list(problems)
    severe = (problem for problem in found if not isinstance(problem, Exception))
    return next(severe, found[0] if found else None)


def _refuse() -> NoReturn:
    raise ServiceError("Only async code can make this service.")


def awaited(result: Any) -> Steps[Any]:
    """Return the result of a coroutine function."""
    if inspect.isawaitable(result):
        result = yield Do(_refuse, lambda: result)
    return result
