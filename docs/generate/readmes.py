"""A page for each package out of its README, and the front page out of the project's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_COMMENT = re.compile(r"^<!--.*?-->\n+", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?://|#)([^)]+)\)")


def directories() -> list[Path]:
    return sorted(path.parent for path in (ROOT / "packages").glob("*/pyproject.toml"))


def import_name(directory: Path) -> str:
    return next((directory / "src").iterdir()).name


def rewritten(text: str, link: Callable[[str, str], str]) -> str:
    """The text without its comments, and each relative link as `link(text, target)` writes it."""
    return _LINK.sub(lambda match: link(*match.groups()), _COMMENT.sub("", text))


def package_page(directory: Path) -> str:
    """The README of a package, with links to its reference and its changes."""
    text = (directory / "README.md").read_text(encoding="utf-8")
    body = rewritten(text, _no_file)
    links = f"*[API reference](../reference/api/{directory.name}.md)*\n"
    title, _, rest = body.partition("\n")
    return f"{title}\n\n{links}\n{rest.lstrip()}"


def _no_file(text: str, target: str) -> str:
    raise ValueError(f"the README of a package links to {target}, which a wheel does not have")


def front_page(template: str) -> str:
    """The template with the project's README in the places that it names."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    body = rewritten(text, _page_of).partition("\n")[2].strip()
    intro, heading, rest = body.partition("\n## ")
    return template.replace("{readme-intro}", intro).replace("{readme-rest}", heading + rest)


def _page_of(text: str, target: str) -> str:
    if match := re.fullmatch(r"packages/([a-z-]+)/README\.md", target):
        return f"[{text}](packages/{match[1]}.md)"
    if not (ROOT / target).exists():
        raise ValueError(f"README.md links to {target}, which does not exist")
    # Of the repository and not of the site: the name says where to look.
    return f"{text} (`{target}`)"
