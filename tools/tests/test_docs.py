"""The comparison rests on tests that exist, and the guides name what exists."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from generate import evidence, links  # noqa: E402

COMPARISON = (ROOT / "docs/comparison.md").read_text(encoding="utf-8")
ROWS = [
    row
    for row in re.findall(r"^\| [^|]+\|.*\|$", COMPARISON, re.MULTILINE)
    if "| otherwise" not in row
]


def test_each_row_leads_to_a_test():
    assert len(ROWS) > 30
    for row in ROWS:
        assert list(evidence.references(row)), row


@pytest.mark.parametrize(
    "reference", sorted({e.reference for e in evidence.references(COMPARISON)})
)
def test_each_test_exists(reference):
    assert f"def {reference.rpartition('::')[2]}(" in evidence.Evidence(reference).source()


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("ninja-boost-core/tests/test_gone.py::test_it", "there is no file"),
        ("ninja-boost-core/tests/test_conf.py::test_gone", "no function of that name"),
    ],
)
def test_a_dead_link_is_an_error(reference, problem):
    with pytest.raises(LookupError, match=problem):
        evidence.linked(f"| x | [test](test:{reference}) |")


def test_a_link_leads_to_the_source_that_is_shown():
    reference = "ninja-boost-core/tests/test_conf.py::test_everything_has_a_default"
    text = f"[test](test:{reference})"
    (found,) = evidence.references(text)
    assert evidence.linked(text) == f"[test](#{found.anchor})"
    assert f"({found.anchor})=" in evidence.page(text)
    assert "-k test_everything_has_a_default" in evidence.page(text)


def test_commands_of_the_guides_exist():
    text = "".join(
        path.read_text("utf-8")
        for path in [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/guides/*.md")]
    )
    named = set(re.findall(r"manage\.py (\w+)", text)) - {"migrate", "createsuperuser", "runserver"}
    known = {path.stem for path in ROOT.glob("packages/*/src/*/management/commands/[!_]*.py")}
    assert named - known == {"check", "test"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="gone.html">x</a>', "index.html links to gone.html, which is not there"),
        ('<a href="#gone">x</a>', "index.html links to #gone, where there is no such place"),
        (
            '<script src="https://x.example/a.js"></script>',
            "index.html loads https://x.example/a.js",
        ),
        ("<style>@import 'https://x.example/a.css';</style>", "index.html loads https://x.example"),
        ('<img src="gone.svg">', "index.html loads gone.svg, which is not there"),
        ('<a id="here" href="#here">x</a><a href="https://x.example">x</a>', ""),
    ],
)
def test_dead_links_and_foreign_hosts_are_found(tmp_path, body, problem):
    (tmp_path / "index.html").write_text(body)
    found = links.problems(tmp_path)
    assert len(found) == bool(problem)
    assert problem in "".join(found)
