"""What the logic asks of the world, apart from how it is asked.

The logic is a generator that yields steps and is sent the answers; ``run`` and ``arun`` are the
only places that wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["Step", "Steps", "arun", "run"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, in both ways."""

    call: Callable[[], Any]
    acall: Callable[[], Awaitable[Any]]


Steps = Generator[Step, Any, T]


def run(steps: Steps[T]) -> T:
    """Do the steps in the calling thread and return the generator's result."""
    try:
        step = next(steps)
        while True:
            try:
                answer = step.call()
            except Exception as error:  # noqa: BLE001 - the generator decides
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result


async def arun(steps: Steps[T]) -> T:
    """Do the steps on the event loop and return the generator's result."""
    try:
        step = next(steps)
        while True:
            try:
                answer = await step.acall()
            except Exception as error:  # noqa: BLE001 - the generator decides
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result
