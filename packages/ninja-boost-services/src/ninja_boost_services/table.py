"""The definitions by name: those registered in code and those of the settings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from ninja_boost_core.events import ON_SERVICE_REGISTERED, event_bus

from .definitions import Definition
from .errors import ServiceNotFound

__all__ = ["Load", "Table"]

Load = Callable[[Mapping[str, Definition]], Iterable[Definition]]
"""Returns the definitions of the settings; takes those that were registered in code."""


class Table:
    """What is registered; readers never wait."""

    def __init__(self, load: Load | None) -> None:
        self._load = load
        self._loaded: Mapping[str, Definition] | None = None
        self._registered: dict[str, Definition] = {}
        self._all: Mapping[str, Definition] = {}
        self._lock = threading.Lock()

    @property
    def all(self) -> Mapping[str, Definition]:
        """All of them; those of the settings are loaded when this is first asked."""
        if self._loaded is None:
            self._autoload()
        return self._all

    def add(self, definition: Definition) -> None:
        """Register a definition; the same object again changes nothing.

        Raises:
            ValueError: if the name is taken.
        """
        with self._lock:
            known = self._all.get(definition.name)
            if known is not None and known.origin is not definition.origin:
                raise ValueError(
                    f"There is a service {definition.name!r} already: {known.origin!r}. "
                    "unregister() it first, or use another name."
                )
            if known is None:
                self._registered[definition.name] = definition
                self._merge()
        if known is None:
            _announce(definition)

    def remove(self, name: str) -> None:
        """Forget a definition that was registered in code.

        Raises:
            ServiceNotFound: if there is none.
        """
        with self._lock:
            if self._registered.pop(name, None) is None:
                raise ServiceNotFound(name, self._registered)
            self._merge()

    def unload(self) -> Iterable[str]:
        """Forget those of the settings; return their names."""
        with self._lock:
            names = tuple(self._loaded or ())
            self._loaded = None
            self._merge()
        return names

    def _autoload(self) -> None:
        # This imports modules of the project, which may register services, in other threads too.
        found = () if self._load is None else tuple(self._load(self._registered))
        with self._lock:
            if self._loaded is not None:
                return
            self._loaded = {each.name: each for each in found}
            self._merge()
        for definition in found:
            _announce(definition)

    def _merge(self) -> None:
        self._all = {**(self._loaded or {}), **self._registered}


def _announce(definition: Definition) -> None:
    event_bus.emit(ON_SERVICE_REGISTERED, name=definition.name, service=definition.origin)
