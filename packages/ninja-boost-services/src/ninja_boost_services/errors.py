"""What goes wrong with services."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

__all__ = [
    "AsyncServiceError",
    "CircularServiceError",
    "ScopeError",
    "ServiceError",
    "ServiceNotFound",
]


class ServiceError(Exception):
    """A service cannot be had."""


class ServiceNotFound(ServiceError, KeyError):
    """No service has the name.

    Args:
        name: the name that was asked for.
        known: the names that there are.
        needed_by: the service that depends on it, if one does.
    """

    def __init__(self, name: str, known: Iterable[str] = (), needed_by: str | None = None) -> None:
        self.name = name
        self.hint: str = nearest(name, known)
        self.text: str = f"There is no service {name!r}"
        if needed_by is not None:
            self.text += f", on which {needed_by!r} depends"
        self.text = f"{self.text}. {self.hint}"
        super().__init__(self.text)

    def __str__(self) -> str:
        # KeyError shows its argument's repr.
        return self.text


class AsyncServiceError(ServiceError):
    """Sync code asked for a service that only async code can make."""


class CircularServiceError(ServiceError):
    """A service depends on itself."""

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__(f"Services depend on each other in a circle: {' -> '.join(path)}.")


class ScopeError(ServiceError):
    """A service of one request was asked for where there is no request, or no longer."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return what to do about a wrong name."""
    names = sorted(known)
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if found:
        return f"Did you mean {found[0]!r}?"
    if not names:
        return "None is registered: use service_registry.register() or NINJA_BOOST['SERVICES']."
    return f"Name one of {', '.join(names)}, or register it in NINJA_BOOST['SERVICES']."
