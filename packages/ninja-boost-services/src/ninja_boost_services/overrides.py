"""Fakes in the place of services, in one context: this thread's or task's."""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync

from ninja_boost_core.steps import arun, run

from .definitions import Definition
from .lifetimes import Lifetime

if TYPE_CHECKING:
    from .resolver import Resolver

__all__ = ["Override", "overrides_of"]

_active: ContextVar[tuple[Override, ...]] = ContextVar("ninja_boost_services", default=())


def overrides_of(registry: Resolver) -> tuple[Override, ...]:
    """Return those in force in this context, the innermost first."""
    active = _active.get()
    return tuple(each for each in active if each.registry is registry) if active else ()


class Override:
    """What ``ServiceRegistry.override`` returns: a context manager, sync and async.

    Singletons that depend on the replaced service are made again inside, with the fake; they are
    cleaned up at the end. ``async with`` is for those that async code has to clean up.
    """

    def __init__(self, registry: Resolver, definition: Definition) -> None:
        self.registry: Resolver = registry
        self.definition: Definition = definition
        self.lifetime: Lifetime = Lifetime()

    def __enter__(self) -> Any:
        if self in _active.get():
            raise RuntimeError("This override is in force already; make another one.")
        _active.set((self, *_active.get()))
        return self.definition.value

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()
        if self.lifetime.needs_loop:
            async_to_sync(self._aclose)(error)
        else:
            run(self.lifetime.close(error))

    async def __aenter__(self) -> Any:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()
        await self._aclose(error)

    async def _aclose(self, error: BaseException | None) -> None:
        await arun(self.lifetime.close(error))

    def _leave(self) -> None:
        # No token: a fixture may leave in another context than it entered in.
        _active.set(tuple(each for each in _active.get() if each is not self))
