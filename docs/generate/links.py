"""Looks at the built pages: no dead link within them, and nothing loaded from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself; a link that a reader follows may lead anywhere.
_FETCHED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src")}
_FETCHED |= {("source", "src"), ("source", "srcset"), ("video", "src"), ("object", "data")}
_IN_STYLES = re.compile(r"(?:@import\s+['\"]|url\(\s*['\"]?)((?:https?:)?//[^'\")]+)")


class Page(HTMLParser):
    """The anchors of one page, the links of its reader and the files that its browser fetches."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = list(_IN_STYLES.findall(text))
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif (tag, name) in _FETCHED and value:
                self.fetched.append(value)
            elif tag == "a" and name == "href" and value:
                self.links.append(value)


def problems(root: Path) -> list[str]:
    """One line for each dead link, and for each file from another host."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(root.rglob("*.html"))}
    found = [text for path in pages for text in _of(root, path, pages)]
    for path in sorted(root.rglob("*.css")):
        addresses = _IN_STYLES.findall(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(root)} loads {address}" for address in addresses]
    return found


def _of(root: Path, path: Path, pages: dict[Path, Page]) -> Iterator[str]:
    where = path.relative_to(root)
    for address in pages[path].fetched:
        parts = urlsplit(address)
        if parts.netloc:
            yield f"{where} loads {address}"
        elif parts.path and not parts.scheme and not (path.parent / unquote(parts.path)).is_file():
            yield f"{where} loads {address}, which is not there"
    for address in pages[path].links:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_file():
            yield f"{where} links to {address}, which is not there"
        elif parts.fragment and unquote(parts.fragment) not in anchors(pages, target):
            yield f"{where} links to {address}, where there is no such place"


def anchors(pages: dict[Path, Page], target: Path) -> set[str]:
    return pages[target].anchors if target in pages else set()
