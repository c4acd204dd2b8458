"""The order of the report."""

from __future__ import annotations

from measuring import ratios, spread

from . import report
from .report import Plots, Results, grid, shown, title_of

FAMILIES = {
    "routes": "Routes: the last of so many",
    "resolving": "Routes: Django's look-up of the path alone",
    "rows": "Rows of a flat list",
    "columns": "Columns of 100 rows",
    "depth": "Levels of nested objects in 100 rows",
    "hooks": "Hooks that do nothing; on plain Ninja and the raw view as many decorators",
}


def markdown(results: Results, plots: Plots) -> str:
    parts = ["# Benchmarks\n", grid(["", ""], [[k, v] for k, v in results.facts.items()])]
    parts += ["## How it was measured\n", report.HOW.format(rounds=results.rounds)]
    if results.skipped:
        parts += ["## Left out\n", grid(["", ""], [[k, v] for k, v in results.skipped.items()])]
    if results.tables:
        parts += ["## Gates\n", report.gates_table(results)]
    for name, cases in results.clocked().items():
        parts += [f"## {name}\n", report.table(cases), plots.table(name, cases)]
    for interface, cases in results.loopback.items():
        text = "Requests a second over HTTP, one worker, 8 connections, by wrk, on SQLite.\n"
        parts += [f"## loopback, {interface}\n", text, report.table(cases, faster=False)]
    if results.features:
        parts += ["## What a feature costs\n", report.features_table(results)]
    for family, sizes in results.growth.items():
        parts += [f"## {FAMILIES[family]}\n", report.growth_table(sizes)]
        parts.append(plots.growth(family, sizes))
    if results.memory:
        lines = [[title_of(name), f"{value:.2f}"] for name, value in results.memory.items()]
        text = "Still held after 10,000 tiny requests, by tracemalloc.\n"
        parts += ["## Memory\n", text, grid(["", "bytes a request"], lines)]
    parts += start(results)
    return "\n".join(parts)


def start(results: Results) -> list[str]:
    parts = []
    if results.imports:
        base = results.imports["import ninja"]
        lines = [
            [name, f"{spread(taken).median * 1000:.0f}", shown(ratios(taken, base))]
            for name, taken in results.imports.items()
        ]
        head = ["in a fresh interpreter, after django.setup()", "ms", "times import ninja"]
        parts += ["## Import\n", grid(head, lines)]
    if results.starts:
        seconds = {n: [each[0] for each in taken] for n, taken in results.starts.items()}
        lines = [
            [
                title_of(name),
                f"{spread(seconds[name]).median:.2f}",
                shown(ratios(seconds[name], seconds["plain"])),
                f"{spread([each[1] for each in taken]).median:.1f}",
            ]
            for name, taken in results.starts.items()
        ]
        head = ["from the interpreter's start to the first answer", "s", "times plain Ninja"]
        parts += ["## Start and resident memory\n", grid([*head, "MiB then"], lines)]
    return parts
