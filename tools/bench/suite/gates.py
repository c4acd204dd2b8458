"""The gates and edges of PERFORMANCE.md, and whether a run meets them. They fail nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from measuring import Spread, differences, ratios

from .growing import ROUTES

Columns = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Gate:
    """How many times faster ``fast`` has to be than ``slow`` in a case.

    Attributes:
        gate: what it has to be; ``edge`` what to go for.
        on: gate and edge on PostgreSQL, where they differ.
    """

    title: str
    case: str
    slow: str
    fast: str
    gate: float
    edge: float | None
    on: tuple[float, float] | None = None

    def bounds(self, table: str) -> tuple[float, float | None]:
        return self.on if self.on and table.endswith("postgresql") else (self.gate, self.edge)


GATES = (
    Gate("tiny, features off", "tiny", "plain", "off", 1.6, 1.8),
    # "At most 1.15 times the time of raw orjson."
    Gate("tiny, raw orjson's time to ours off", "tiny", "raw_orjson", "off", 1 / 1.15, 1.0),
    Gate("tiny, everything on", "tiny", "plain", "on", 1.2, 1.35),
    Gate("POST, features off", "post", "plain", "off", 1.8, 2.1),
    Gate("POST, everything on", "post", "plain", "on", 1.3, 1.6),
    Gate("list of instances", "instances", "plain", "off", 1.6, 1.8),
    Gate("list, projection", "list", "plain", "off", 2.7, 3.3),
    Gate("nested list, projection", "nested", "plain", "off", 3.0, 3.7),
    Gate("list, everything on", "list", "plain", "on", 2.5, 3.2, on=(2.2, 2.6)),
    Gate("tiny, everything on, to hand-wired", "tiny", "hand", "on", 3.5, 4.4),
    Gate("list, everything on, to hand-wired", "list", "hand", "on", 2.7, 3.4),
)

RESOLVING_GATE, RESOLVING_EDGE = 10.0, 5.0
"""Microseconds to find one of 100 and more routes."""
FLAT = 1.25
"""The look-up among the most routes may take so many times that among ten."""


def verdict(value: float, gate: float, edge: float | None) -> str:
    if edge is not None and value >= edge:
        return "edge"
    return "gate" if value >= gate else "missed"


def rows(tables: Columns) -> list[dict[str, Any]]:
    """Return a row for each gate: its bounds, and value and verdict for each table.

    ``tables`` has the times by table, case and contestant; see report.py.
    """
    found = []
    for gate in GATES:
        cells: dict[str, tuple[Spread, str] | None] = {}
        for name, table in tables.items():
            times = table.get(gate.case, {})
            if gate.slow not in times or gate.fast not in times:
                cells[name] = None
                continue
            value = ratios(times[gate.slow], times[gate.fast])
            cells[name] = value, verdict(value.median, *gate.bounds(name))
        found.append({"gate": gate, "cells": cells})
    return found


def resolving(look_up: Mapping[str, Mapping[str, list[float]]]) -> list[str]:
    """Return a sentence for each size, and one on whether the cost is flat."""
    found = []
    few, most = str(ROUTES[1]), str(ROUTES[-1])
    for size, times in look_up.items():
        if "off" not in times or int(size) < 100:
            continue
        taken = differences(times["off"], [0.0] * len(times["off"])).median
        word = verdict(-taken, -RESOLVING_GATE, -RESOLVING_EDGE)
        found.append(f"the last of {size} routes: {taken:.1f} µs, {word}")
    if few in look_up and most in look_up and "off" in look_up[most]:
        growth = ratios(look_up[most]["off"], look_up[few]["off"]).median
        word = "flat" if growth <= FLAT else "not flat"
        found.append(f"{most} routes to {few}: {growth:.2f} times the time, {word}")
    return found
