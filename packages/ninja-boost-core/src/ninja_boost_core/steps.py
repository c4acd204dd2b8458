"""One piece of logic for sync and async code.

The logic is a generator that yields steps and is sent the answers; ``run`` and ``arun`` are the
only places that wait::

    def lookup(store: Store, key: str) -> Steps[bytes]:
        entry = yield Do(lambda: store.get(key), lambda: store.aget(key))
        return entry or b""

    run(lookup(store, "a"))  # in a sync method
    await arun(lookup(store, "a"))  # in its async twin
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Protocol, TypeVar

__all__ = ["Do", "Step", "Steps", "arun", "run"]

T = TypeVar("T")


class Step(Protocol):
    """One thing to do, in both ways."""

    def run(self) -> Any: ...

    async def arun(self) -> Any: ...


Steps = Generator[Step, Any, T]


class Do:
    """A step made of two callables, neither of which takes arguments."""

    __slots__ = ("_acall", "_call")

    def __init__(self, call: Callable[[], Any], acall: Callable[[], Awaitable[Any]]) -> None:
        self._call = call
        self._acall = acall

    def run(self) -> Any:
        return self._call()

    async def arun(self) -> Any:
        return await self._acall()


def run(steps: Steps[T]) -> T:
    """Do the steps in the calling thread and return the generator's result.

    What a step raises is raised inside the generator, at its ``yield``.
    """
    try:
        step = next(steps)
        while True:
            try:
                answer = step.run()
            except Exception as error:  # noqa: BLE001 - the generator decides
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result


async def arun(steps: Steps[T]) -> T:
    """Do the steps on the event loop and return the generator's result; see ``run``."""
    try:
        step = next(steps)
        while True:
            try:
                answer = await step.arun()
            except Exception as error:  # noqa: BLE001 - the generator decides
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result
