"""What every backend does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Self

from ninja_boost_core.problems import MissingDependency

if TYPE_CHECKING:
    from ninja_boost_rate_limiting.gcra import Decision, Quota
    from ninja_boost_rate_limiting.settings import RateLimitOptions

__all__ = ["Backend", "BackendError", "Bucket", "MissingDependency"]


class BackendError(Exception):
    """The backend did not answer, or not in time; the client's own error is the cause."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is counted together: each client has a bucket of this name.

    Attributes:
        name: the same in every process; differs where the quota does.
        quota: how it fills.
    """

    name: str
    quota: Quota

    @classmethod
    def named(cls, name: str, quota: Quota) -> Bucket:
        return cls(f"{name} {quota.count}/{quota.period}+{quota.burst}", quota)


class Backend(ABC):
    """Keeps the theoretical arrival times, or what is as good; see ``gcra``.

    A subclass is atomic: however many threads and processes call ``hit`` at once, a client
    never gets more than ``gcra`` says.
    """

    @classmethod
    def from_settings(cls, options: RateLimitOptions) -> Self:
        """Return a backend for ``NINJA_BOOST["RATE_LIMIT"]``.

        Raises:
            django.core.exceptions.ImproperlyConfigured: naming the setting that is missing.
            MissingDependency: if a library is.
        """
        return cls()

    @abstractmethod
    def hit(self, bucket: Bucket, client: str, cost: int = 1) -> Decision:
        """Take ``cost`` units from the client's bucket, all of them or none.

        Args:
            bucket: which bucket.
            client: who; of any length.
            cost: from 0 to the quota's burst.

        Raises:
            BackendError: if the backend does not answer in time.
        """

    @abstractmethod
    async def ahit(self, bucket: Bucket, client: str, cost: int = 1) -> Decision:
        """``hit`` for async code."""

    def check(self) -> None:
        """Do nothing if the backend works.

        Raises:
            BackendError: if it does not.
        """

    @abstractmethod
    def clear(self) -> None:
        """Forget all counts; for tests."""


def digest(bucket: Bucket, client: str) -> str:
    """Return a short name for a client's bucket, from which nobody reads who the client is."""
    return blake2b(f"{bucket.name}\0{client}".encode(errors="replace"), digest_size=16).hexdigest()
