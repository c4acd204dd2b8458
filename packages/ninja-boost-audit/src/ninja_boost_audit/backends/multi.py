"""Writes records to several backends."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ninja_boost_audit.records import Record
from ninja_boost_core.steps import Do, Steps, arun, run

from .base import AuditBackend, AuditError

__all__ = ["MultiBackend"]


class MultiBackend(AuditBackend):
    """Gives each record to every backend, whatever the others do.

    If one fails, ``write`` has failed, although others have the record.

    Args:
        backends: in the order in which they write.

    Raises:
        ValueError: there is none.
    """

    def __init__(self, backends: Sequence[AuditBackend]) -> None:
        if not backends:
            raise ValueError("A MultiBackend needs backends.")
        self.backends: tuple[AuditBackend, ...] = tuple(backends)
        self.aliases: frozenset[str] = frozenset[str]().union(
            *(each.aliases for each in self.backends)
        )

    def write(self, record: Record) -> None:
        run(self._write(record))

    async def awrite(self, record: Record) -> None:
        await arun(self._write(record))

    def check(self) -> None:
        run(self._check())

    async def acheck(self) -> None:
        await arun(self._check())

    def check_configuration(self) -> None:
        for backend in self.backends:
            backend.check_configuration()

    def _write(self, record: Record) -> Steps[None]:
        errors: list[AuditError] = []
        for backend in self.backends:
            try:
                yield Do(partial(backend.write, record), partial(backend.awrite, record))
            except AuditError as error:
                errors.append(error)
        if errors:
            raise AuditError("; ".join(map(str, errors))) from errors[0]

    def _check(self) -> Steps[None]:
        for backend in self.backends:
            yield Do(backend.check, backend.acheck)
