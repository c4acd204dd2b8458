"""What every backend does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Self

from asgiref.sync import sync_to_async

if TYPE_CHECKING:
    from ninja_boost_audit.records import Record
    from ninja_boost_audit.settings import AuditOptions

__all__ = ["AuditBackend", "AuditError"]


class AuditError(Exception):
    """A record could not be written; the backend's own error is the cause."""


class AuditBackend(ABC):
    """Writes records. A subclass gives ``write``, and ``awrite`` if it has a better way.

    Attributes:
        blocking: whether ``write`` does I/O, so that async code must not call it inline.
        aliases: the databases whose open transactions ``write`` takes part in.
    """

    blocking: ClassVar[bool] = True
    aliases: frozenset[str] = frozenset()

    @classmethod
    def from_settings(cls, options: AuditOptions) -> Self:
        """Return a backend for ``NINJA_BOOST["AUDIT"]``.

        Raises:
            django.core.exceptions.ImproperlyConfigured: naming the setting that is wrong.
        """
        return cls()

    @abstractmethod
    def write(self, record: Record) -> None:
        """Write a record, for good when it returns, or when the open transaction is committed.

        Raises:
            AuditError: if it cannot, within a bounded time.
        """

    async def awrite(self, record: Record) -> None:
        """``write`` for async code."""
        if self.blocking:
            await sync_to_async(self.write)(record)
        else:
            self.write(record)

    def check(self) -> None:
        """Do nothing if a record could be written now.

        Raises:
            AuditError: if not.
        """

    async def acheck(self) -> None:
        """``check`` for async code."""
        if self.blocking and type(self).check is not AuditBackend.check:
            await sync_to_async(self.check)()
        else:
            self.check()

    def check_configuration(self) -> None:
        """Do nothing if the backend has all that it needs of the settings; does no I/O.

        Raises:
            django.core.exceptions.ImproperlyConfigured: naming what is missing.
        """
