"""What every store does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ninja_boost_core.problems import MissingDependency

if TYPE_CHECKING:
    from ninja_boost_idempotency.settings import IdempotencyOptions

__all__ = ["Attempt", "MissingDependency", "Record", "Store", "StoreError"]


class StoreError(Exception):
    """The store did not answer, or not in time; the client's own error is the cause."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that wants a key.

    Attributes:
        token: its fencing token, different for every attempt.
        fingerprint: what identifies the request; see ``fingerprints``.
        lease: seconds for which it holds the key, from when it gets it.
        ttl: seconds for which its result is kept.
    """

    token: str
    fingerprint: str
    lease: float
    ttl: float


@dataclass(frozen=True, slots=True)
class Record:
    """What a store has for a key.

    Attributes:
        fingerprint: that of the request that runs or ran; None if that cannot be seen yet.
        result: its result; None while it runs.
    """

    fingerprint: str | None
    result: bytes | None


class Store(ABC):
    """Keeps keys and results. Subclasses give the six operations.

    A claim is atomic: of any number of attempts at once, one gets the key. It holds the key
    until it completes or releases it, or until another claims it after its lease; from then on
    its token is worth nothing. All of them raise ``StoreError`` within a bounded time if the
    store does not answer.

    Attributes:
        using: alias of the database whose open transaction the store takes part in, if any.
        transactional: whether the store wants such a transaction opened around the view.
    """

    using: str | None = None
    transactional: bool = False

    @classmethod
    def from_settings(cls, options: IdempotencyOptions) -> Self:
        """Return a store for ``NINJA_BOOST["IDEMPOTENCY"]``.

        Raises:
            django.core.exceptions.ImproperlyConfigured: naming the setting that is missing.
            MissingDependency: if a library is.
        """
        return cls()

    @abstractmethod
    def claim(self, name: str, attempt: Attempt) -> Record | None:
        """Return None if the attempt got the key, and else what is there."""

    @abstractmethod
    async def aclaim(self, name: str, attempt: Attempt) -> Record | None:
        """``claim`` for async code."""

    @abstractmethod
    def complete(self, name: str, attempt: Attempt, result: bytes) -> bool:
        """Keep the result and return True, unless the key is the attempt's no longer."""

    @abstractmethod
    async def acomplete(self, name: str, attempt: Attempt, result: bytes) -> bool:
        """``complete`` for async code."""

    @abstractmethod
    def release(self, name: str, attempt: Attempt) -> bool:
        """Free the key and return True, unless it is the attempt's no longer."""

    @abstractmethod
    async def arelease(self, name: str, attempt: Attempt) -> bool:
        """``release`` for async code."""

    def check(self) -> None:
        """Do nothing if the store works.

        Raises:
            StoreError: if it does not.
        """
