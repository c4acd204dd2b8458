"""A check whose test, row or id is missing is found, however it is hidden."""

from pathlib import Path

import pytest

import package as workspace
import system_checks

SOURCE = '''"""Checks."""

from django.core import checks


def check_lamp():
    yield checks.Error("dark", hint="Light it.", id="ninja_boost_lamp.E001")
    yield checks.Warning("dim", hint="Clean it.", id="ninja_boost_lamp.W001")
'''
CASES = """CASES = [
    ("ninja_boost_lamp.E001", {"LAMP": 0}, "Light it.", {"LAMP": 1}),
    *(),
    ("ninja_boost_lamp.W001", {"LAMP": 2}, "Clean it.", {"LAMP": 1}),
]
"""
SECTION = """
## System checks

| check | level | what is wrong | what to do |
|---|---|---|---|
| `ninja_boost_lamp.E001` | error | it is dark | light it |
| `ninja_boost_lamp.W001` | warning, with `--deploy` | it is dim | clean it |

## When it fails
"""


@pytest.fixture
def lamp(tmp_path) -> Path:
    request = workspace.Request("ninja-boost-lamp", "A lamp.", feature=True)
    workspace.stamp(workspace.Request("ninja-boost-core", "The kernel."), tmp_path)
    workspace.stamp(request, tmp_path)
    directory = tmp_path / "packages" / "ninja-boost-lamp"
    (directory / "src/ninja_boost_lamp/checks.py").write_text(SOURCE)
    (directory / system_checks.CASES).write_text(CASES)
    (directory / "README.md").write_text((directory / "README.md").read_text() + SECTION)
    runner = workspace.ROOT / "packages" / workspace.CORE / system_checks.RUNNER
    (directory / system_checks.RUNNER).write_text(runner.read_text())
    return directory


def found(lamp):
    return workspace.problems(lamp.parent.parent)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_package_with_tested_and_documented_checks_has_no_problems(lamp):
    assert found(lamp) == []
    assert [row.id[-4:] for row in system_checks.rows(lamp)] == ["E001", "W001"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("lamp.E001", "lamp.E002", "ninja_boost_lamp.E002 has no case in tests/check_cases.py"),
        ("lamp.E001", "lamp.E002", "ninja_boost_lamp.E002 is not in the README's System checks"),
        ("lamp.E001", "lamp.E002", "ninja_boost_lamp.E001 is in the README's System checks, and"),
        ("ninja_boost_lamp.E001", "ninja_boost_core.E001", "belongs to another package"),
        (', id="ninja_boost_lamp.E001"', "", "checks.py:7 makes a check message without a literal"),
        ('"ninja_boost_lamp.E001"', '__name__ + ".E001"', "checks.py:7 makes a check message"),
        ('"ninja_boost_lamp.E001"', 'f"{__name__}.E001"', "checks.py:7 makes a check message"),
        ('"ninja_boost_lamp.E001"', '"".join(("a", "b"))', "checks.py:7 makes a check message"),
        ('"ninja_boost_lamp.E001"', 'IDS["E001"]', "checks.py:7 has a piece of an id, 'E001'"),
        ('"""Checks."""', 'PREFIX = "ninja_boost_lamp.E"', "checks.py:1 has a piece of an id"),
    ],
)
def test_an_id_without_its_case_or_row_is_found(lamp, old, new, problem):
    edit(lamp / "src/ninja_boost_lamp/checks.py", old, new)
    assert any(problem in line for line in found(lamp)), found(lamp)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CASES", "OTHERS"),
        ('("ninja_boost_lamp.W001", {"LAMP": 2}, "Clean it.", {"LAMP": 1}),', ""),
        ('("ninja_boost_lamp.W001", {"LAMP": 2}, "Clean it.", {"LAMP": 1})', "W001"),
        ('"ninja_boost_lamp.W001", {"LAMP": 2}', '"ninja_boost_lamp.W001"'),
        ('("ninja_boost_lamp.W001"', '# ("ninja_boost_lamp.W001"'),
    ],
)
def test_a_case_that_is_none_is_found(lamp, old, new):
    edit(lamp / system_checks.CASES, old, new)
    assert "ninja-boost-lamp: ninja_boost_lamp.W001 has no case in tests/check_cases.py" in (
        found(lamp)
    )


def test_another_test_of_the_cases_is_found(lamp):
    edit(lamp / system_checks.RUNNER, "assert check_id not in ids", "pass")
    assert found(lamp) == [
        "ninja-boost-lamp: tests/test_system_checks.py is not ninja-boost-core's"
    ]
    (lamp / system_checks.RUNNER).unlink()
    assert len(found(lamp)) == 1


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("## System checks", "## Checks", "ninja_boost_lamp.E001 is not in the README's"),
        ("lamp.E001` | error", "lamp.E001` | warning", "ninja_boost_lamp.E001 is called 'warning'"),
        ("| light it |", "|  |", "ninja_boost_lamp.E001 has an empty cell"),
        (
            "E001`",
            "W001`",
            "ninja_boost_lamp.W001 is in the README's System checks, and is none or",
        ),
    ],
)
def test_a_wrong_table_is_found(lamp, old, new, problem):
    edit(lamp / "README.md", old, new)
    assert any(problem in line for line in found(lamp)), found(lamp)


def test_the_tables_of_all_packages_are_one():
    directories = [package.directory for package in workspace.packages()]
    lines = system_checks.table(directories).splitlines()[2:]
    ids = [line.split("`")[1] for line in lines]
    assert len(set(ids)) == len(ids) > 50
    every = {name for each in directories for name in system_checks.ids_in_source(each)}
    assert set(ids) == every
