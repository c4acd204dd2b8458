"""The picture of the pipeline, out of the table in the docstring of `ninja_boost_core.contract`."""

from __future__ import annotations

import re
from html import escape
from textwrap import wrap

from ninja_boost_core import Order, contract

WIDTH, LEFT, RIGHT = 520, 6, 456
STEP, BOX, TOP = 68, 54, 10
# Each box brings its own ground, so that the picture is read on a light page and on a dark one.
HOOK, OTHER, LINE = ("#e7f0fb", "#2f6fb3"), ("#f4f4f2", "#8a8a84"), "#808080"


def points() -> list[tuple[int, str, str]]:
    """Number, name and users of each point, in order. Raises ValueError if they are not ten."""
    rows = re.findall(
        r"^ *(\d+) {2,}(\S+(?: \S+)*)(?: {2,}(.+))?$", contract.__doc__ or "", re.MULTILINE
    )
    found = [(int(number), name.strip("()"), users) for number, name, users in rows]
    if [number for number, _, _ in found] != list(range(1, 11)):
        raise ValueError("the docstring of ninja_boost_core.contract has no table of ten points")
    return found


def is_hook(name: str) -> bool:
    return hasattr(contract.Hook, name)


def drawing() -> str:
    """The pipeline as SVG, with what a screen reader says."""
    rows = points()
    height = TOP * 2 + STEP * len(rows) - (STEP - BOX)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
            ' font-family="system-ui, sans-serif">'
        ),
        "<title>The ten points of a request, from before_auth to on_response</title>",
        (
            f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
            f' markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="{LINE}"/>'
            "</marker></defs>"
        ),
    ]
    for row, (number, name, users) in enumerate(rows):
        parts += _box(TOP + row * STEP, number, name, users)
        if row:
            top = TOP + row * STEP
            parts.append(_arrow(f"M{(LEFT + RIGHT) // 2} {top - STEP + BOX}V{top - 2}"))
    parts += _short_cut(TOP + BOX // 2, TOP + STEP * (len(rows) - 1) + BOX // 2)
    return "\n".join([*parts, "</svg>", ""])


def _box(y: int, number: int, name: str, users: str) -> list[str]:
    fill, stroke = HOOK if is_hook(name) else OTHER
    face = "ui-monospace, monospace" if is_hook(name) else "inherit"
    lines = wrap(re.sub("``", "", users), 58)[:1]
    middle = y + BOX // 2 + 6
    baseline = y + 23 if lines else middle
    return [
        (
            f'<rect x="{LEFT}" y="{y}" width="{RIGHT - LEFT}" height="{BOX}" rx="6" fill="{fill}"'
            f' stroke="{stroke}" stroke-width="1.5"/>'
        ),
        (
            f'<text x="{LEFT + 26}" y="{middle}" font-size="17" font-weight="700"'
            f' text-anchor="middle" fill="{stroke}">{number}</text>'
        ),
        (
            f'<text x="{LEFT + 54}" y="{baseline}" font-size="17" font-weight="600"'
            f' font-family="{face}" fill="#1a1a1a">{escape(name)}</text>'
        ),
        *(
            f'<text x="{LEFT + 54}" y="{y + 43}" font-size="13" fill="#3c3c3c">'
            f"{escape(line)}</text>"
            for line in lines
        ),
    ]


def _short_cut(first: int, last: int) -> list[str]:
    """The way of whatever ends a call early: it skips all but the last point."""
    x = RIGHT + 26
    return [
        (
            f'<path d="M{RIGHT} {first}H{x}V{last}H{RIGHT + 4}" fill="none" stroke="{LINE}"'
            ' stroke-width="1.5" stroke-dasharray="5 4" marker-end="url(#tip)"/>'
        ),
        (
            f'<text transform="translate({x + 20} {(first + last) // 2}) rotate(90)" font-size="13"'
            f' text-anchor="middle" fill="{LINE}">an early answer, or an error at any point</text>'
        ),
    ]


def _arrow(path: str) -> str:
    return (
        f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="1.5" marker-end="url(#tip)"/>'
    )


def page(template: str) -> str:
    """The template with the order inside a point in its place."""
    rows = [f"| {place.value} | `{place.name}` |" for place in Order]
    return template.replace("{order}", "\n".join(["| | place |", "|---|---|", *rows]))
