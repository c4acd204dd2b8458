"""The registry: what services there are, and where their instances live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from ninja_boost_core.callables import is_async
from ninja_boost_core.conf import boost_settings

from .definitions import Definition, ScopeName, define_factory, define_service, define_value
from .lifetimes import failures
from .overrides import Override
from .pings import ServicePing
from .request_scope import Services
from .resolver import Resolver

__all__ = ["ServiceRegistry", "service_registry"]

ServiceT = TypeVar("ServiceT")


class ServiceRegistry(Resolver):
    """Services by name; ``service_registry`` is the one that requests use."""

    def register(
        self,
        service: ServiceT,
        *,
        name: str | None = None,
        ping: Callable[[Any], Any] | None = None,
    ) -> ServiceT:
        """Register an object, or a class that makes it, and return it; works as a decorator.

        Args:
            service: a ``BoostService`` or anything else. A class with ``scoped = True`` makes an
                instance for each request, any other class one for the process.
            name: the service's name, if it has no attribute ``name``.
            ping: takes the service and raises if it does not work; may be async.

        Raises:
            TypeError: if it has no name, or is a scoped instance whose class takes arguments.
            ValueError: if the name is taken.
        """
        self._table.add(define_service(service, name, ping))
        return service

    def register_factory(
        self,
        name: str,
        factory: Callable[..., Any],
        *,
        scope: ScopeName = "singleton",
        enter: bool = True,
        ping: Callable[[Any], Any] | None = None,
    ) -> None:
        """Register what makes a service.

        Args:
            name: the service's name.
            factory: a function, generator function, class or other callable, sync or async. Its
                parameters without a default are services, ``request`` is the request.
            scope: "singleton" for one instance in the process, "request" for one per request.
            enter: whether a context manager is entered, and left when the scope ends.
            ping: takes the service and raises if it does not work; may be async.

        Raises:
            TypeError: if the factory cannot be called like that.
            ValueError: if the name is taken.
        """
        self._table.add(define_factory(name, factory, scope, enter=enter, ping=ping))

    def unregister(self, name: str) -> None:
        """Forget a service that was registered in code; ``close`` cleans it up.

        Raises:
            ServiceNotFound: if there is none.
        """
        self._table.remove(name)
        self._lifetime.instances.pop((None, name), None)

    def override(self, name: str, replacement: Any) -> Override:
        """Return a context manager inside which a service is ``replacement``.

        It holds in this thread's or task's context, and for the requests that are made in it.
        Singletons that depend on the service are made again inside.

        Raises:
            ServiceNotFound: if no service has the name.
        """
        self.definition(name)
        return Override(self, define_value(name, replacement))

    def scope(self) -> Services:
        """Return services for work outside of requests; a context manager, sync and async."""
        return Services(self)

    def get(self, name: str) -> Any:
        """Return a singleton.

        Raises:
            ServiceNotFound: a KeyError that names the nearest.
            ScopeError: if each request has its own.
            AsyncServiceError: if only async code can make it.
        """
        return self.resolve(name, None)

    async def aget(self, name: str) -> Any:
        """See ``get``."""
        return await self.aresolve(name, None)

    def pings(self) -> list[ServicePing]:
        """Return the services that tell how they are."""
        found = (self.definition(name) for name in self)
        return [
            ServicePing(each.name, is_async(each.ping) or self.needs_async(each.name), self)
            for each in found
            if each.ping is not None
        ]

    @property
    def failures(self) -> Counter[str]:
        """How often the clean-up of each service failed."""
        return failures

    def reload(self) -> None:
        """Forget the services of the settings, and their instances."""
        for name in self._table.unload():
            self._lifetime.instances.pop((None, name), None)


def _configured(registered: Mapping[str, Definition]) -> Iterable[Definition]:
    from .settings import configured_services

    return configured_services(registered)


service_registry: ServiceRegistry = ServiceRegistry(_configured)
boost_settings.on_change(service_registry.reload)
