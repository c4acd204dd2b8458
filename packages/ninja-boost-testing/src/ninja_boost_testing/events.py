"""What the event bus emitted during a test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, overload

__all__ = ["CapturedEvent", "CapturedEvents", "capture_events", "recording"]


@dataclass(frozen=True, slots=True)
class CapturedEvent:
    """One emission.

    Attributes:
        name: the event.
        arguments: what its handlers got; ``event["request"]`` is one of them.
    """

    name: str
    arguments: dict[str, Any]

    def __getitem__(self, argument: str) -> Any:
        try:
            return self.arguments[argument]
        except KeyError:
            known = ", ".join(self.arguments) or "none"
            raise KeyError(f"{self.name} has no argument {argument!r}; it has: {known}.") from None


class CapturedEvents(Sequence[CapturedEvent]):
    """The emissions of the captured events, in their order."""

    def __init__(self, *names: str) -> None:
        if not names:
            raise ValueError("Name the events to capture, such as 'on_error'.")
        self.watched: tuple[str, ...] = tuple(dict.fromkeys(names))
        self._events: list[CapturedEvent] = []

    @property
    def names(self) -> list[str]:
        """The event of each emission."""
        return [event.name for event in self._events]

    def of(self, name: str) -> list[CapturedEvent]:
        """Return the emissions of one event.

        Raises:
            ValueError: the event is not captured, so nothing would ever be found.
        """
        if name not in self.watched:
            raise ValueError(f"{name!r} is not captured; captured: {', '.join(self.watched)}.")
        return [event for event in self._events if event.name == name]

    def one(self, name: str) -> CapturedEvent:
        """Return the only emission of an event.

        Raises:
            AssertionError: there was none, or more than one.
        """
        found = self.of(name)
        if len(found) != 1:
            raise AssertionError(f"{name} was emitted {len(found)} times; captured: {self}.")
        return found[0]

    def clear(self) -> None:
        """Forget what was captured so far."""
        self._events.clear()

    def record(self, event: str, /, **arguments: Any) -> None:
        self._events.append(CapturedEvent(event, arguments))

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, index: int) -> CapturedEvent: ...

    @overload
    def __getitem__(self, index: slice) -> list[CapturedEvent]: ...

    def __getitem__(self, index: int | slice) -> CapturedEvent | list[CapturedEvent]:
        return self._events[index]

    def __str__(self) -> str:
        counted = Counter(self.names)
        return ", ".join(f"{name} ({count})" for name, count in counted.items()) or "nothing"


@contextmanager
def recording(events: CapturedEvents) -> Iterator[CapturedEvents]:
    from ninja_boost_core.events import event_bus

    # Sync: an async handler of an event that sync code emits on a loop would run later.
    handlers = [(name, partial(events.record, name)) for name in events.watched]
    for name, handler in handlers:
        event_bus.on(name, handler)
    try:
        yield events
    finally:
        for name, handler in handlers:
            event_bus.off(name, handler)


def capture_events(*names: str) -> AbstractContextManager[CapturedEvents]:
    """Return a context manager that gives the ``CapturedEvents`` of the events ``names``.

    Raises:
        ValueError: without a name.
    """
    return recording(CapturedEvents(*names))
