"""Where secrets come from. They are read for each request, so that a new one counts at once."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeAlias

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings

from ninja_boost_core.callables import is_async

__all__ = ["Secret", "SecretOption", "Source", "source_of"]

Secret: TypeAlias = str | bytes
Secrets: TypeAlias = Secret | Sequence[Secret] | None
SecretOption: TypeAlias = Secrets | Callable[[], Secrets | Awaitable[Secrets]]


class Source(ABC):
    """Gives the secrets of one endpoint; ``str()`` names it for messages."""

    readable_at_start = True
    """Whether the system checks may read it."""

    @abstractmethod
    def read(self) -> tuple[Secret, ...]:
        """Return the secrets, without empty ones.

        Raises:
            TypeError: for a value that is no secret, without quoting it.
        """

    async def aread(self) -> tuple[Secret, ...]:
        """See ``read``."""
        return self.read()


class Named(Source):
    """Django settings and environment variables.

    Each name is looked for in the settings, where it may hold a list, and then in the
    environment, whose value is one secret as it stands.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names: tuple[str, ...] = tuple(names)

    def __str__(self) -> str:
        return " or ".join(self.names)

    def read(self) -> tuple[Secret, ...]:
        found: list[Secret] = []
        for name in self.names:
            found += _present(getattr(settings, name, None)) or _present(os.environ.get(name))
        return tuple(found)


class Given(Source):
    """What was given to the decorator as it is."""

    def __init__(self, value: Secrets) -> None:
        self.value = value

    def __str__(self) -> str:
        return "its secret="

    def read(self) -> tuple[Secret, ...]:
        return _present(self.value)


class Called(Source):
    """A sync or async function, which may ask a server: the checks do not call it, and an async
    operation calls a sync one in a thread. What it raises passes through.
    """

    readable_at_start = False

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.is_async: bool = is_async(function)

    def __str__(self) -> str:
        return f"{getattr(self.function, '__qualname__', type(self.function).__qualname__)}()"

    def read(self) -> tuple[Secret, ...]:
        return _present((async_to_sync(self.function) if self.is_async else self.function)())

    async def aread(self) -> tuple[Secret, ...]:
        function = self.function if self.is_async else sync_to_async(self.function)
        return _present(await function())


def source_of(secret: SecretOption, names: str | Sequence[str] | None) -> Source:
    """Return the source for a decorator's ``secret`` and ``secret_env``; the first one wins.

    Raises:
        TypeError: if both are missing.
    """
    if callable(secret):
        return Called(secret)
    if secret is not None:
        return Given(secret)
    if not names:
        raise TypeError("A webhook needs a secret: give secret_env= (a name) or secret=.")
    return Named([names] if isinstance(names, str) else names)


def _present(value: object) -> tuple[Secret, ...]:
    if value is None:
        return ()
    if isinstance(value, str | bytes):
        return (value,) if value.strip() else ()
    if isinstance(value, Iterable):
        return tuple(secret for item in value for secret in _present(item))
    raise TypeError(f"A webhook secret is a {type(value).__name__}; it must be str or bytes.")
