"""Steps that block, and how async code does them without blocking its loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation

from ninja_boost_core.steps import Do

__all__ = ["Blocking", "in_database", "on_event_loop"]

T = TypeVar("T")


def on_event_loop() -> bool:
    """Return whether this thread is running an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Blocking(Do):
    """A step that is refused where it would block an event loop."""

    __slots__ = ()

    def __init__(self, call: Callable[[], T], acall: Callable[[], Awaitable[T]]) -> None:
        super().__init__(call, acall)

    def run(self) -> Any:
        if on_event_loop():
            raise SynchronousOnlyOperation(
                "This would block the event loop: await the function's async twin, whose name "
                "begins with an 'a', such as adecode_jwt_token."
            )
        return super().run()


def in_database(call: Callable[[], T]) -> Blocking:
    """Return the step that does ``call`` in Django's thread for sync code, where async."""
    return Blocking(call, sync_to_async(call))
