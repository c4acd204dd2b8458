"""``ctx["services"]``: the services as one request sees them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from asgiref.sync import async_to_sync

from ninja_boost_core.steps import arun, run

from .errors import ScopeError
from .lifetimes import Lifetime

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .resolver import Resolver

__all__ = ["Services"]

logger: logging.Logger = logging.getLogger("ninja_boost.services")

LATE = "The clean-up of services failed after the response had been sent."
_closing: set[asyncio.Task[None]] = set()


class Services(Mapping[str, Any]):
    """Services by name, made when they are first asked for.

    Those of the request live until it ends: ``close`` cleans up in the reverse order. Use it as a
    context manager outside of requests; see ``ServiceRegistry.scope``.

    Attributes:
        request: the request, or None outside of requests.
    """

    __slots__ = ("_lifetime", "_over", "_registry", "body", "request")

    def __init__(self, registry: Resolver, request: HttpRequest | None = None) -> None:
        self.request: HttpRequest | None = request
        self.body: AsyncGenerator[bytes, None] | None = None
        self._registry = registry
        self._lifetime: Lifetime | None = None
        self._over = False

    def __getitem__(self, name: str) -> Any:
        """Return a service.

        Raises:
            ServiceNotFound: a KeyError that names the nearest.
            AsyncServiceError: if only async code can make it; ``await aget(name)``.
            ScopeError: for a service of the request when the request is over.
        """
        return self._registry.resolve(name, self)

    async def aget(self, name: str) -> Any:
        """Return a service from async code; see ``__getitem__``."""
        return await self._registry.aresolve(name, self)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a service, or ``default`` if there is none of that name."""
        if name not in self:
            return default
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._registry

    def __iter__(self) -> Iterator[str]:
        return iter(self._registry)

    def __len__(self) -> int:
        return len(self._registry)

    # Mapping compares items, which would make every service.
    def __eq__(self, other: object) -> bool:
        return object.__eq__(self, other)

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __repr__(self) -> str:
        shown = (f"{name!r}: {self._registry.peek(name, self)}" for name in self)
        return f"{{{', '.join(shown)}}}"

    @property
    def lifetime(self) -> Lifetime:
        """Where the instances of the request are.

        Raises:
            ScopeError: if the request is over.
        """
        if self._over:
            raise ScopeError("The request is over, and with it the services of its own.")
        if self._lifetime is None:
            self._lifetime = Lifetime()
        return self._lifetime

    @property
    def made(self) -> Mapping[Any, Any]:
        """The instances of the request that there are."""
        return {} if self._lifetime is None else self._lifetime.instances

    @property
    def made_any(self) -> bool:
        """Whether there is anything to clean up or to forget."""
        return self._lifetime is not None

    def close(self, error: BaseException | None = None) -> None:
        """Clean up; a service that is asked for later is made anew.

        Args:
            error: the exception that ended the request; context managers are told of it.

        Raises:
            Exception: the first that a clean-up raised, without an ``error``; others are logged.
        """
        if self._lifetime is not None:
            run(self._lifetime.close(error))

    async def aclose(self, error: BaseException | None = None) -> None:
        """See ``close``."""
        if self._lifetime is not None:
            await arun(self._lifetime.close(error))

    def finish(self) -> None:
        """Clean up what is left when the response is closed; what that raises is logged."""
        if self._lifetime is None and self.body is None:
            self._over = True
            return
        if self.body is not None or (self._lifetime is not None and self._lifetime.needs_loop):
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                # Under ASGI this runs on the loop that serves the request.
                async_to_sync(self._afinish)()
            else:
                task = loop.create_task(self._afinish())
                _closing.add(task)
                task.add_done_callback(_closing.discard)
            return
        try:
            self.close()
        except Exception:
            logger.exception(LATE)
        finally:
            self._over = True

    async def _afinish(self) -> None:
        try:
            if self.body is not None:
                # An abandoned stream waits at its last chunk.
                await self.body.aclose()
            await self.aclose()
        except Exception:
            logger.exception(LATE)
        finally:
            self._over = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close(error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose(error)
