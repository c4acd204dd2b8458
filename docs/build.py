"""Builds the site, strictly.

    python docs/build.py OUT      pages in OUT/html

The sources are the pages of this directory and those that `generate` writes out of the packages,
together in OUT/source. A warning, a dead link, a request to a foreign host or a setting that nobody
explains is an error.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import django
from sphinx.cmd.build import build_main

HERE = Path(__file__).resolve().parent
NO_PAGES = {"generate", "__pycache__", "tests", ".pytest_cache", ".hypothesis"}


def write(source: Path) -> None:
    """Put every page into an empty directory. Django has to be set up."""
    from generate import api, checks, evidence, pipeline, readmes, settings

    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(HERE, source, ignore=lambda *_: NO_PAGES)
    comparison = (HERE / "comparison.md").read_text(encoding="utf-8")
    pages = {
        "index.md": readmes.front_page((HERE / "index.md").read_text(encoding="utf-8")),
        "comparison.md": evidence.linked(comparison),
        "evidence.md": evidence.page(comparison),
        "pipeline.md": pipeline.page((HERE / "pipeline.md").read_text(encoding="utf-8")),
        "pipeline.svg": pipeline.drawing(),
        "reference/settings.md": settings.page(),
        "reference/checks.md": checks.checks_page(),
        "reference/commands.md": checks.commands_page(),
    }
    for directory in readmes.directories():
        pages[f"packages/{directory.name}.md"] = readmes.package_page(directory)
        pages[f"reference/api/{directory.name}.md"] = api.page(directory)
    for name, text in pages.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(out: Path) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
    django.setup()
    write(out / "source")
    shutil.rmtree(out / "html", ignore_errors=True)
    strict = ["--fail-on-warning", "--keep-going", "--quiet", "--jobs=auto"]
    cache = ["-d", str(out / "doctrees")]
    code = build_main([*strict, *cache, "-c", str(HERE), str(out / "source"), str(out / "html")])
    from generate.links import problems

    found = problems(out / "html")
    sys.stderr.write("".join(f"{problem}\n" for problem in found))
    return code or bool(found)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
