"""Questions to services about their health."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ninja_boost_core.steps import Do, Steps, arun, run

from .errors import ServiceError
from .lifetimes import awaited

if TYPE_CHECKING:
    from .registry import ServiceRegistry
    from .request_scope import Services

__all__ = ["ServicePing"]


@dataclass(frozen=True, slots=True)
class ServicePing:
    """A service that tells how it is; see ``ServiceRegistry.pings``.

    Attributes:
        name: the service.
        is_async: whether only ``aping`` can ask it.
    """

    name: str
    is_async: bool
    registry: ServiceRegistry

    def ping(self) -> None:
        """Ask the service, which is made if it is not there.

        Raises:
            Exception: whatever the service, or its making, raises.
            ServiceError: if it answers False, or if ``is_async``.
        """
        if self.is_async:
            raise ServiceError(f"The service {self.name!r} is asked by async code: await aping().")
        with self.registry.scope() as services:
            run(self._ask(services))

    async def aping(self) -> None:
        """See ``ping``."""
        async with self.registry.scope() as services:
            await arun(self._ask(services))

    def _ask(self, services: Services) -> Steps[None]:
        ping = self.registry.definition(self.name).ping
        service = yield Do(
            partial(services.__getitem__, self.name), partial(services.aget, self.name)
        )
        answer = None if ping is None else (yield from awaited(ping(service)))
        if answer is False:
            raise ServiceError(f"The service {self.name!r} says that it does not work.")
