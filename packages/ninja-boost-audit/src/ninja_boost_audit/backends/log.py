"""Writes records to a log."""

from __future__ import annotations

import logging
from typing import ClassVar

from ninja_boost_audit.canonical import canonical_json
from ninja_boost_audit.records import Record

from .base import AuditBackend

__all__ = ["LoggingBackend"]


class LoggingBackend(AuditBackend):
    """Logs each record at INFO: the message is its JSON, ``record.audit`` the dictionary.

    A log has no chain: it shows what happened, and proves nothing. What its handlers do with a
    failure is theirs, so nothing fails closed.

    Args:
        logger: name of the logger.
    """

    blocking: ClassVar[bool] = False

    def __init__(self, logger: str = "ninja_boost.audit") -> None:
        self.logger: logging.Logger = logging.getLogger(logger)

    def write(self, record: Record) -> None:
        logger = self.logger
        if not logger.isEnabledFor(logging.INFO):
            return
        fields = record.as_dict()
        # What ``logger.info`` does, but for the search of the stack for this very line.
        line = logger.makeRecord(
            *(logger.name, logging.INFO, __file__, _LINE, "%s", (canonical_json(fields),), None),
            func="write",
            extra={"audit": fields},
        )
        logger.handle(line)


_LINE: int = LoggingBackend.write.__code__.co_firstlineno
