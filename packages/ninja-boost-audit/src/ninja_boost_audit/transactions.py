"""What the transaction of a request means for its record.

A record joins the transaction that is open on its database. But the record of an operation that
failed must outlive the rollback, and nobody else's connection could write it meanwhile: on SQLite
the transaction holds the only write lock, elsewhere it may hold the stream. So the block that is
going to be rolled back is rolled back now, the record is written where it was, and the block is
opened anew, empty, for whoever is going to close it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import DatabaseError, connections, transaction

__all__ = ["outside_doomed_blocks"]

logger: logging.Logger = logging.getLogger("ninja_boost.audit")


@contextmanager
def outside_doomed_blocks(aliases: Iterable[str], *, leaving: bool) -> Iterator[None]:
    """Step out of the atomic blocks that will be rolled back whatever happens.

    Args:
        aliases: the databases.
        leaving: whether an exception is going to leave the view, and so ends the block of
            ATOMIC_REQUESTS.
    """
    with ExitStack() as stack:
        for alias in aliases:
            stack.enter_context(_outside(alias, leaving=leaving))
        yield


@contextmanager
def _outside(alias: str, *, leaving: bool) -> Iterator[None]:
    connection = connections[alias]
    closed: list[Any] = []
    marked = connection.needs_rollback
    # The innermost block of a request is that of ATOMIC_REQUESTS: the operation's own are over.
    leaving = leaving and connection.settings_dict["ATOMIC_REQUESTS"]
    while _may_close(connection) and (connection.needs_rollback or leaving):
        leaving = False
        block = connection.atomic_blocks[-1]
        transaction.set_rollback(True, using=alias)
        block.__exit__(None, None, None)
        closed.append(block)
    try:
        yield
    finally:
        for block in reversed(closed):
            try:
                block.__enter__()
            except DatabaseError:
                # The connection is lost, and whoever closes the block will be told so.
                logger.exception("The database %r failed after an audit record.", alias)
        if closed and marked and connection.in_atomic_block:
            # Whatever else comes in the block is to be undone, too.
            transaction.set_rollback(True, using=alias)


def _may_close(connection: Any) -> bool:
    blocks = connection.atomic_blocks
    # A TestCase holds on to its own.
    return bool(blocks) and not getattr(blocks[-1], "_from_testcase", False)
