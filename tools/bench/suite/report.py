"""The report: Markdown with plots beside it, and the figures as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measuring import Spread, Times, differences, ratios, spread

from . import gates, plots
from .cases import BY_NAME
from .contestants import BASELINE, CONTESTANTS

HOW = """\
Each contestant runs in a process of its own, over the same rows, and answered parse-equal JSON
(an envelope or page around it aside) before it was measured. In a round each is asked the same
number of requests, one batch after another in shuffled order; a ratio is taken round by round, and
shown as the median of {rounds} rounds with its quartiles in brackets. One round before them warms
up. The garbage collector runs between the batches and is off within them. Requests enter through
the whole WSGI or ASGI application in process. Times are the process's own on SQLite, and elapsed
on PostgreSQL and for HTTP. **Above 1 is faster than plain Ninja**, with nothing on and no
middleware. "Everything on" is JWT, role check, context, trace id, rate limit with its headers,
metrics, a JSON log line, security headers, envelope, and pages with their total.

Who brings no ORM, FastAPI and Litestar, is measured twice: with Django's ORM called inline, which
is like with like, and with hand-written SQL on the bare driver, which no one else here has. Both
are ASGI applications, and in the tables of WSGI too they are driven as such. DRF has no async
views. django-modern-rest runs in its production mode, without checks of responses. SQLite's file
is opened as immutable, so that its locks do not count.

Django's ASGIHandler sends its signals through a thread and gives each request a thread of its own.
That is most of a small request, so the tables named "handler" leave it out: the same async views,
asked through Django's async handler alone.
"""


@dataclass
class Results:
    """All figures of a run; a section that did not run is empty."""

    facts: dict[str, str] = field(default_factory=dict)
    rounds: int = 0
    tables: dict[str, dict[str, dict[str, list[Times]]]] = field(default_factory=dict)
    features: dict[str, dict[str, Any]] = field(default_factory=dict)
    growth: dict[str, dict[str, dict[str, list[Times]]]] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    imports: dict[str, list[float]] = field(default_factory=dict)
    starts: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    loopback: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def clocked(self) -> dict[str, dict[str, dict[str, list[float]]]]:
        """Return the tables with the time that counts: elapsed where a server works, too."""
        return {
            table: {
                case: {name: clock(taken, table) for name, taken in contestants.items()}
                for case, contestants in cases.items()
            }
            for table, cases in self.tables.items()
        }


def clock(taken: Sequence[Times], table: str = "") -> list[float]:
    return [each.wall if table.endswith("postgresql") else each.cpu for each in taken]


def shown(value: Spread, digits: int = 2) -> str:
    return f"{value.median:.{digits}f} ({value.low:.{digits}f} to {value.high:.{digits}f})"


def grid(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    rows += ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join(rows) + "\n"


def title_of(name: str) -> str:
    return CONTESTANTS[name].title if name in CONTESTANTS else name


def table(cases: Mapping[str, Mapping[str, Sequence[float]]], faster: bool = True) -> str:
    """Return ratios to the baseline by contestant and case, with the baseline's own times.

    ``faster``: the figures are times; else they are rates, of which more is better.
    """
    names = [n for n in CONTESTANTS if any(n in taken for taken in cases.values())]
    unit = "µs" if faster else "requests/s"
    base = [f"{spread(taken[BASELINE]).median:.0f} {unit}" for taken in cases.values()]
    lines = [[f"**{title_of(BASELINE)}**", *base]]
    for name in names:
        if name == BASELINE:
            continue
        line = [title_of(name)]
        for taken in cases.values():
            if name not in taken:
                line.append("-")
                continue
            pair = (taken[BASELINE], taken[name]) if faster else (taken[name], taken[BASELINE])
            line.append(shown(ratios(*pair)))
        lines.append(line)
    return grid(["", *(BY_NAME[case].title for case in cases)], lines)


def gates_table(results: Results) -> str:
    tables = results.clocked()
    head = ["faster than", "gate", "edge", *tables]
    lines = []
    for row in gates.rows(tables):
        gate, cells = row["gate"], []
        for name, cell in row["cells"].items():
            if cell is None:
                cells.append("-")
                continue
            value, word = cell
            own = "" if gate.on is None or gate.bounds(name) != gate.on else f" of {gate.on[0]}"
            cells.append(f"{value.median:.2f} {word}{own}")
        edge = "-" if gate.edge is None else f"{gate.edge:.2f}"
        lines.append([gate.title, f"{gate.gate:.2f}", edge, *cells])
    found = grid(head, lines)
    if "resolving" in results.growth:
        look_up = {
            size: {name: clock(taken) for name, taken in contestants.items()}
            for size, contestants in results.growth["resolving"].items()
        }
        found += "\nResolving (gate 10 µs, edge 5, flat): "
        found += "; ".join(gates.resolving(look_up)) + ".\n"
    return found


def features_table(results: Results) -> str:
    lines = []
    for name, found in results.features.items():
        on, off = clock(found["with"]), clock(found["off"])
        lines.append(
            [
                name,
                BY_NAME[found["case"]].title,
                shown(differences(on, off), 1),
                shown(ratios(on, off)),
            ]
        )
    return grid(["feature alone", "request", "more µs", "times the time without"], lines)


def growth_table(sizes: Mapping[str, Mapping[str, Sequence[Times]]]) -> str:
    names = list(next(iter(sizes.values())))
    lines = [
        [title_of(name), *(f"{spread(clock(taken[name])).median:.0f}" for taken in sizes.values())]
        for name in names
    ]
    lines += [
        [
            f"{title_of(BASELINE)} / {title_of(name)}",
            *(shown(ratios(clock(t[BASELINE]), clock(t[name]))) for t in sizes.values()),
        ]
        for name in names
        if name != BASELINE
    ]
    return grid(["µs", *sizes], lines)


class Plots:
    """Writes plots into the report's directory and returns links to them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, name: str, drawing: str) -> str:
        (self.directory / f"{name}.svg").write_text(drawing, encoding="utf-8")
        return f"![{name}]({name}.svg)\n"

    def table(self, name: str, cases: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
        links = []
        for case, taken in cases.items():
            values = {
                title_of(n): ratios(taken[BASELINE], taken[n]) for n in CONTESTANTS if n in taken
            }
            heading = f"{BY_NAME[case].title}, {name}: times as fast as plain Ninja"
            links.append(self(f"{name}-{case}", plots.bars(heading, values, mark=1.0)))
        return "\n".join(links)

    def growth(self, family: str, sizes: Mapping[str, Mapping[str, Sequence[Times]]]) -> str:
        names = list(next(iter(sizes.values())))
        series = {
            title_of(n): {size: spread(clock(taken[n])).median for size, taken in sizes.items()}
            for n in names
        }
        return self(f"growth-{family}", plots.lines(f"{family}: µs of a request", series, "µs"))


def write(results: Results, directory: Path) -> Path:
    """Write report.md, its plots and results.json; return the report's path."""
    from .writing import markdown

    directory.mkdir(parents=True, exist_ok=True)
    report = directory / "report.md"
    report.write_text(markdown(results, Plots(directory)), encoding="utf-8")
    figures = json.dumps(results.__dict__, indent=1, ensure_ascii=False)
    (directory / "results.json").write_text(figures + "\n", encoding="utf-8")
    return report
