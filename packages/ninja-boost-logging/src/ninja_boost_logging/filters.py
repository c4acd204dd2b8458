"""A filter that puts the context on the record itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from .context import state

__all__ = ["ContextFilter"]

REQUEST_FIELDS = ("trace_id", "method", "path", "route", "user_id", "ip")
CAPTURED: str = "_ninja_boost_context"
"""The attribute of a record that holds its context."""


class Captured(NamedTuple):
    """The context in which a record was made.

    Attributes:
        values: the fields of the request, or None outside one.
        bound: the bound fields.
        given: what the filter put on the record.
    """

    values: Mapping[str, Any] | None
    bound: Mapping[str, Any]
    given: Mapping[str, Any]


class ContextFilter(logging.Filter):
    """Puts ``trace_id``, ``method``, ``path``, ``route``, ``user_id`` and ``ip`` on each record.

    For format strings such as ``%(trace_id)s``, which get ``-`` where there is nothing, and for a
    ``QueueHandler``, whose records are formatted in another thread. It lets every record pass,
    and what the record has already it leaves alone.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Complete the record and return True."""
        if CAPTURED in record.__dict__:
            return True
        request, bound = state.get()
        values = None if request is None else request.values()
        given: dict[str, Any] = {}
        for name in REQUEST_FIELDS:
            if name not in record.__dict__:
                value = None if values is None else values[name]
                given[name] = record.__dict__[name] = "-" if value is None else value
        record.__dict__[CAPTURED] = Captured(values, dict(bound), given)
        return True
