"""What services depend on, and what cannot work about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from .definitions import Definition
from .errors import nearest

__all__ = ["Flaw", "closure", "flaws"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a service cannot be made."""

    kind: Literal["missing", "circle", "captive"]
    service: str
    message: str
    hint: str


def closure(definitions: Mapping[str, Definition], name: str) -> frozenset[str]:
    """Return the service and all that it depends on, directly or not."""
    found: set[str] = set()
    open_ends = [name]
    while open_ends:
        current = open_ends.pop()
        if current not in found:
            found.add(current)
            definition = definitions.get(current)
            open_ends.extend(definition.dependencies if definition else ())
    return frozenset(found)


def flaws(definitions: Mapping[str, Definition]) -> Iterator[Flaw]:
    """Yield what is wrong with the definitions, in the order of their names."""
    for name, definition in sorted(definitions.items()):
        for needed in definition.dependencies:
            other = definitions.get(needed)
            if other is None:
                yield Flaw(
                    "missing",
                    name,
                    f"The service {name!r} depends on {needed!r}, which is not registered.",
                    nearest(needed, definitions),
                )
            elif definition.scope == "singleton" and other.scope == "request":
                yield Flaw(
                    "captive",
                    name,
                    f"The singleton {name!r} depends on {needed!r}, of which each request has "
                    "its own: it would keep that of the first request for ever.",
                    f"Make {name!r} scoped as well, or {needed!r} a singleton.",
                )
    for circle in _circles(definitions):
        yield Flaw(
            "circle",
            circle[0],
            f"Services depend on each other in a circle: {' -> '.join((*circle, circle[0]))}.",
            "Take one of the dependencies away, or ask for it with ctx['services'] when needed.",
        )


def _circles(definitions: Mapping[str, Definition]) -> Iterator[tuple[str, ...]]:
    """Yield one circle for each group of services that depend on each other."""
    done: set[str] = set()
    for start in sorted(definitions):
        path: list[str] = []
        branches = [iter((start,))]
        while branches:
            name = next(branches[-1], None)
            if name is None:
                branches.pop()
                if path:
                    done.add(path.pop())
            elif name in path:
                yield tuple(path[path.index(name) :])
            elif name not in done and name in definitions:
                path.append(name)
                branches.append(iter(definitions[name].dependencies))
