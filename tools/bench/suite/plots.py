"""Small plots as SVG, by hand: bars with their spread, and lines over sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from measuring import Spread

WIDTH = 760
LABEL, VALUE = 230, 120
BAR, GAP = 16, 8
COLOURS = ("#4878a8", "#c05838", "#5a9367", "#8a6bb1", "#b08d2e", "#666666")
STYLE = (
    "<style>text{font:12px sans-serif;fill:#222}.t{font-size:14px;font-weight:bold}"
    ".a{stroke:#bbb;stroke-width:1}.s{stroke:#222;stroke-width:1.5}</style>"
)


def document(height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {WIDTH} {height:.0f}">{STYLE}'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


def text(x: float, y: float, content: str, anchor: str = "start", kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{marked}>{escape(content)}</text>'


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    size = f'width="{width:.1f}" height="{height:.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{colour}"/>'


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    start, end = f'x1="{x1:.1f}" y1="{y1:.1f}"', f'x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line class="{kind}" {start} {end}/>'


def bars(title: str, values: Mapping[str, Spread], mark: float | None = None) -> str:
    """Return bars with the interquartile range on each; ``mark`` is drawn as a line."""
    longest = max([value.high for value in values.values()] + [mark or 0.0]) or 1.0
    scale = (WIDTH - LABEL - VALUE) / longest
    parts = [text(10, 20, title, kind="t")]
    y = 36.0
    for name, value in values.items():
        middle = y + BAR / 2
        colour = COLOURS[1] if name.startswith("ours") else COLOURS[0]
        parts += [
            text(LABEL - 8, middle + 4, name, "end"),
            box(LABEL, y, value.median * scale, BAR, colour),
            line("s", LABEL + value.low * scale, middle, LABEL + value.high * scale, middle),
            text(LABEL + value.high * scale + 6, middle + 4, f"{value.median:.2f}"),
        ]
        y += BAR + GAP
    if mark is not None:
        x = LABEL + mark * scale
        parts.append(line("a", x, 30, x, y))
    return document(y + 10, parts)


def lines(title: str, series: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """Return a line for each name over the same sizes, which stand side by side as words."""
    height, left, top, bottom = 260.0, 70.0, 40.0, 220.0
    sizes = list(next(iter(series.values())))
    highest = max(value for points in series.values() for value in points.values()) or 1.0
    step = (WIDTH - left - 190) / max(1, len(sizes) - 1)
    parts = [text(10, 20, title, kind="t"), text(left - 8, top + 4, f"{highest:.0f}", "end")]
    parts += [text(left - 8, bottom, f"0 {unit}", "end")]
    parts.append(line("a", left, bottom, left + step * (len(sizes) - 1), bottom))
    parts += [
        text(left + step * index, bottom + 18, size, "middle") for index, size in enumerate(sizes)
    ]
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [
            (left + step * index, bottom - (bottom - top) * points[size] / highest)
            for index, size in enumerate(sizes)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = top + 16 * number
        parts.append(box(WIDTH - 170, y - 9, 12, 12, colour))
        parts.append(text(WIDTH - 152, y + 2, name))
    return document(height, parts)
