"""Templates: text with ``@@{name}`` and with lines that ask for an option.

    #% if metrics
    lines for projects with metrics
    #% else
    lines for the others
    #% end

``#% if not metrics`` is the other way round. A file of which nothing is left is not written.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["render", "render_file", "render_tree"]

SUFFIX = ".tmpl"
DIRECTIVE = re.compile(r"\s*#% (?P<word>if|else|end)(?: (?P<negated>not )?(?P<flag>[a-z-]+))?\s*")


class Text(string.Template):
    delimiter = "@@"


def render(text: str, values: Mapping[str, str], flags: Mapping[str, bool]) -> str:
    """Return the text for these values and options.

    Raises:
        KeyError: the text asks for a value or an option that there is not.
        ValueError: its conditions do not fit together.
    """
    return Text("".join(_chosen(text, flags))).substitute(values)


def _chosen(text: str, flags: Mapping[str, bool]) -> Iterator[str]:
    shown: list[bool] = []
    for line in text.splitlines(keepends=True):
        match = DIRECTIVE.fullmatch(line)
        if match is None:
            if all(shown):
                yield line
        elif match["word"] == "if":
            shown.append(flags[match["flag"]] is not bool(match["negated"]))
        elif not shown:
            raise ValueError(f"no condition is open: {line.strip()}")
        elif match["word"] == "else":
            shown[-1] = not shown[-1]
        else:
            shown.pop()
    if shown:
        raise ValueError("a condition has no end")


def render_file(name: str, values: Mapping[str, str], flags: Mapping[str, bool]) -> str:
    """Return a single template of this package."""
    source = files(__package__).joinpath("templates", name + SUFFIX)
    return render(source.read_text("utf-8"), values, flags)


def render_tree(name: str, values: Mapping[str, str], flags: Mapping[str, bool]) -> dict[str, str]:
    """Return the files of a directory of templates, by their paths.

    ``__name__`` in a path is a value, and ``dot-`` at its beginning a dot.
    """
    rendered = {}
    for path, source in _walk(files(__package__).joinpath("templates", name), ""):
        text = source.read_text("utf-8")
        result = render(text, values, flags)
        if text and not result.strip():
            continue
        target = re.sub(r"__([a-z]+)__(?=/)", lambda match: values[match[1]], path)
        rendered[re.sub(r"(^|/)dot-", r"\1.", target)] = result
    return rendered


def _walk(directory: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(directory.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(SUFFIX):
            yield prefix + entry.name.removesuffix(SUFFIX), entry
