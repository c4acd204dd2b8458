"""How services are found and made."""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ninja_boost_core.steps import Do, Steps, arun, run

from .definitions import MISSING, Definition
from .errors import AsyncServiceError, CircularServiceError, ScopeError, ServiceNotFound
from .graph import closure
from .lifetimes import Key, Lifetime, awaited
from .overrides import Override, overrides_of
from .table import Load, Table

if TYPE_CHECKING:
    from .request_scope import Services

__all__ = ["Resolver"]

logger: logging.Logger = logging.getLogger("ninja_boost.services")


class Resolver:
    """Makes services and keeps the singletons."""

    def __init__(self, load: Load | None = None) -> None:
        self._table = Table(load)
        self._lifetime = Lifetime()
        self._process: int | None = None

    @property
    def definitions(self) -> Mapping[str, Definition]:
        """What is registered, the services of the settings included."""
        return self._table.all

    def __contains__(self, name: object) -> bool:
        return name in self._table.all

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.all)

    def __len__(self) -> int:
        return len(self._table.all)

    def close(self) -> None:
        """Clean up the singletons, in the reverse order; they are made anew when asked for."""
        run(self._lifetime.close())

    async def aclose(self) -> None:
        """See ``close``."""
        await arun(self._lifetime.close())

    def definition(self, name: str, needed_by: str | None = None) -> Definition:
        """Return how a service is made in this context.

        Raises:
            ServiceNotFound: if no service has the name.
        """
        for override in overrides_of(self):
            if override.definition.name == name:
                return override.definition
        definitions = self._table.all
        try:
            return definitions[name]
        except KeyError:
            raise ServiceNotFound(name, definitions, needed_by) from None

    def needs_async(self, name: str) -> bool:
        """Return whether only async code can make a service, or what it depends on."""
        open_ends: list[tuple[str, str | None]] = [(name, None)]
        seen: set[str] = set()
        while open_ends:
            current, needed_by = open_ends.pop()
            if current in seen:
                continue
            seen.add(current)
            definition = self.definition(current, needed_by)
            if definition.is_async:
                return True
            open_ends.extend((needed, current) for needed in definition.dependencies)
        return False

    def resolve(self, name: str, services: Services | None, path: tuple[str, ...] = ()) -> Any:
        """Return a service, for the request of ``services`` or for none.

        Args:
            name: the service.
            services: where services of one request are.
            path: the services that are being made and depend on it.
        """
        definition, lifetime, key = self._locate(name, services, path)
        found = lifetime.instances.get(key, definition.value)
        if found is not MISSING:
            return found
        if self.needs_async(name):
            raise AsyncServiceError(
                f"Only async code can make the service {name!r}: use await aget({name!r}), "
                "or inject it into an async view."
            )
        return lifetime.get(key, partial(self._make, definition, lifetime, services, path))

    async def aresolve(
        self, name: str, services: Services | None, path: tuple[str, ...] = ()
    ) -> Any:
        """See ``resolve``."""
        definition, lifetime, key = self._locate(name, services, path)
        found = lifetime.instances.get(key, definition.value)
        if found is not MISSING:
            return found
        make = partial(self._make, definition, lifetime, services, path)
        if self.needs_async(name):
            return await lifetime.aget(key, make)
        # Nothing to await here, but a thread that makes one of them must not block the loop.
        for needed in closure(self._table.all, name):
            await self._lifetime.landed((None, needed))
        return lifetime.get(key, make)

    def peek(self, name: str, services: Services) -> str:
        """Return the repr of a service that is there, or what it will be."""
        definition = self.definition(name)
        made = services.made if definition.scope == "request" else self._lifetime.instances
        scoped_to = self._override_of(definition) if definition.scope == "request" else None
        found = made.get((scoped_to, name), definition.value)
        return f"<{definition.scope}, not made yet>" if found is MISSING else repr(found)

    def _locate(
        self, name: str, services: Services | None, path: tuple[str, ...]
    ) -> tuple[Definition, Lifetime, Key]:
        """Return how a service is made, and where its instance is or will be."""
        definition = self.definition(name, path[-1] if path else None)
        if name in path:
            raise CircularServiceError((*path[path.index(name) :], name))
        override = self._override_of(definition)
        if definition.scope == "singleton":
            lifetime = self._lifetime if override is None else override.lifetime
            return definition, lifetime, (None, name)
        if services is not None:
            return definition, services.lifetime, (override, name)
        raise ScopeError(
            f"Each request has a service {name!r} of its own, "
            + (
                f"but the singleton {path[-1]!r} depends on it."
                if path
                else "so ask ctx['services'], or service_registry.scope() outside of requests."
            )
        )

    def _override_of(self, definition: Definition) -> Override | None:
        """Return the innermost override that the service depends on."""
        overrides = overrides_of(self)
        if not overrides:
            return None
        needed = closure(self._table.all, definition.name)
        return next((each for each in overrides if each.definition.name in needed), None)

    def _make(
        self,
        definition: Definition,
        lifetime: Lifetime,
        services: Services | None,
        path: tuple[str, ...],
    ) -> Steps[Any]:
        inner = services if definition.scope == "request" else None
        arguments: dict[str, Any] = {}
        for needed in definition.dependencies:
            wanted = (needed, inner, (*path, definition.name))
            arguments[needed] = yield Do(
                partial(self.resolve, *wanted), partial(self.aresolve, *wanted)
            )
        if definition.takes_request:
            arguments["request"] = _request_of(definition, services)
        made = definition.factory(**arguments)
        if definition.is_async:
            made = yield from awaited(made)
        service = yield from lifetime.enter(definition, made)
        if lifetime is self._lifetime and lifetime.exits:
            self._close_at_exit()
        return service

    def _close_at_exit(self) -> None:
        if self._process is None:
            self._process = os.getpid()
            atexit.register(self._at_exit)

    def _at_exit(self) -> None:
        if self._process != os.getpid():
            return  # A child has no business with what its parent opened.
        left = [each.name for each in self._lifetime.exits if each.is_async]
        if left:
            logger.warning(
                "The process ends without the clean-up of %s: await service_registry.aclose().",
                ", ".join(sorted(left)),
            )
            self._lifetime.exits = [each for each in self._lifetime.exits if not each.is_async]
        self.close()


def _request_of(definition: Definition, services: Services | None) -> Any:
    if services is None or services.request is None:
        raise ScopeError(f"The service {definition.name!r} takes the request, but there is none.")
    return services.request
