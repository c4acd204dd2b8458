"""Names, labels and values of custom metrics: what is right, and what is made of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any, Final, Literal

from .series import (
    ACTIVE_REQUESTS,
    OVERFLOW,
    REQUEST_DURATION_MS,
    REQUEST_ERRORS_TOTAL,
    REQUEST_TOTAL,
)

__all__ = ["Kind", "Labels", "Metric", "MetricError", "checked_labels", "checked_name", "number"]

Kind = Literal["counter", "gauge", "timing"]
Labels = Mapping[str, Any]

LONGEST_VALUE: Final = 200
"""Characters of a label value; the rest is cut off."""

OVERFLOW_TOTAL: Final = "metrics_overflow_total"
DROPPED_TOTAL: Final = "metrics_dropped_total"
_RESERVED: Final = frozenset(
    {
        ACTIVE_REQUESTS,
        DROPPED_TOTAL,
        OVERFLOW_TOTAL,
        REQUEST_DURATION_MS,
        REQUEST_ERRORS_TOTAL,
        REQUEST_TOTAL,
    }
)
# What all backends take; dots and dashes mean something else in each of them.
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,99}")
_RESERVED_LABELS: Final = frozenset({"le", "quantile"})


class MetricError(ValueError):
    """A metric is used in a way that cannot be recorded; the text says why."""


def checked_name(name: object) -> str:
    """Return ``name`` if a metric of the project may have it.

    Raises:
        MetricError: if it may not.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise MetricError(
            f"{name!r:.120} is no name of a metric: use up to 100 ASCII letters, digits and "
            "underscores, not beginning with a digit."
        )
    if name in _RESERVED:
        raise MetricError(f"{name!r} is recorded by the package itself; choose another name.")
    return name


def checked_labels(labels: Labels) -> tuple[str, ...]:
    """Return the names of ``labels``, sorted.

    Raises:
        MetricError: if one is no name of a label.
    """
    names: Iterable[object] = labels
    for name in names:
        right = isinstance(name, str) and _NAME.fullmatch(name) and not name.startswith("__")
        if not right or name in _RESERVED_LABELS:
            raise MetricError(
                f"{name!r:.120} is no name of a label: use ASCII letters, digits and underscores; "
                "'le', 'quantile' and names that begin with '__' are Prometheus's own."
            )
    return tuple(sorted(labels))


def number(kind: Kind, value: Any) -> float:
    """Return ``value`` as a number that ``kind`` can record.

    Raises:
        MetricError: if it is no finite number, or a negative one of a counter or timing.
    """
    try:
        found = math.nan if isinstance(value, str | bytes) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        # What else it is may be nobody's business.
        shown = repr(value) if isinstance(value, int | float) else f"A {type(value).__qualname__}"
        raise MetricError(f"{shown:.120} is no finite number.")
    if found < 0 and kind != "gauge":
        raise MetricError(f"{value!r} is negative, which a {kind} cannot be.")
    return found


class Metric:
    """What is known of one custom metric: its kind, its labels, and their sets so far.

    Args:
        name: its name.
        kind: what it records.
        labels: the labels of its first use, which all others must have.
        most: label sets that are kept apart.

    Raises:
        MetricError: if the name or the labels are wrong.
    """

    __slots__ = ("_lock", "_most", "_sets", "kind", "labels", "name", "overflow")

    def __init__(self, name: str, kind: Kind, labels: Labels, most: int) -> None:
        self.name: str = checked_name(name)
        self.kind: Kind = kind
        self.labels: tuple[str, ...] = checked_labels(labels)
        self.overflow: Mapping[str, str] = dict.fromkeys(self.labels, OVERFLOW)
        self._most = most
        self._sets: dict[tuple[str, ...], Mapping[str, str]] = {}
        self._lock = Lock()

    def set_for(self, labels: Labels) -> Mapping[str, str] | None:
        """Return the label set for ``labels``; None if there are too many already.

        Raises:
            MetricError: if the labels are others than those of the first use.
        """
        if len(labels) != len(self.labels) or any(name not in labels for name in self.labels):
            raise MetricError(
                f"{self.name!r} has the labels {_listed(self.labels)}, and is used with "
                f"{_listed(labels)}: give all of them each time."
            )
        values = tuple([_text(labels[name]) for name in self.labels])
        known = self._sets.get(values)
        if known is not None:
            return known
        with self._lock:
            if len(self._sets) >= self._most:
                return None
            return self._sets.setdefault(values, dict(zip(self.labels, values, strict=True)))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        # Of a member of an enumeration of texts, str() is its name. A lone surrogate could not be
        # written by any backend.
        text = (str.__str__(value) if isinstance(value, str) else str(value))[:LONGEST_VALUE]
        return text if text.isascii() else text.encode(errors="replace").decode()
    raise MetricError(f"A label value is a text or a number, and no {type(value).__qualname__}.")


def _listed(names: Any) -> str:
    return ", ".join(map(repr, sorted(names, key=str))) or "none"
