"""What the request's transaction, if there is one, means for a result."""

from __future__ import annotations

from django.db import connections

from .stores.base import Store

__all__ = ["on_commit_alias", "shares_transaction"]


def shares_transaction(store: Store) -> bool:
    """Whether the store writes in a transaction that is open now."""
    return store.using is not None and connections[store.using].in_atomic_block


def on_commit_alias() -> str | None:
    """Return the database whose commit of ATOMIC_REQUESTS decides about the view's writes.

    None where nothing is pending: there is no such transaction, it is going to be rolled back,
    or it is part of a TestCase's, which never commits.
    """
    pending = None
    for connection in connections.all(initialized_only=True):
        if not connection.settings_dict["ATOMIC_REQUESTS"] or not connection.in_atomic_block:
            continue
        if connection.needs_rollback:
            return None
        if not getattr(connection.atomic_blocks[0], "_from_testcase", False):
            # Django opens them in this order, and so commits the last one last.
            pending = connection.alias
    return pending
