"""A stamped package passes the check, and each kind of defect is found."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import package as workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of core, one feature and the umbrella."""
    for request in (
        workspace.Request("ninja-boost-core", "The kernel."),
        workspace.Request("ninja-boost-lamp", "A lamp.", feature=True, requires=("PyJWT>=2.10",)),
        workspace.Request(
            "django-ninja-boost",
            "All of it.",
            version="0.4.0",
            requires=("ninja-boost-core", "ninja-boost-lamp"),
        ),
    ):
        workspace.stamp(request, tmp_path)
    return tmp_path


def lamp(root: Path) -> Path:
    return root / "packages" / "ninja-boost-lamp"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_stamped_workspace_has_no_problems(root):
    assert workspace.problems(root) == []
    assert [p.module for p in workspace.packages(root)] == [
        "ninja_boost",
        "ninja_boost_core",
        "ninja_boost_lamp",
    ]


def test_a_feature_depends_on_core_and_is_found_by_its_entry_point(root):
    project = tomllib.loads((lamp(root) / "pyproject.toml").read_text())["project"]
    assert "ninja-boost-core>=0.1,<0.2" in project["dependencies"]
    assert "PyJWT>=2.10" in project["dependencies"]
    assert project["entry-points"]["ninja_boost.features"] == {
        "lamp": "ninja_boost_lamp._feature:feature"
    }


def test_a_package_that_is_no_feature_has_no_entry_point(root):
    core = root / "packages" / "ninja-boost-core"
    assert not (core / "src/ninja_boost_core/_feature.py").exists()
    assert "entry-points" not in (core / "pyproject.toml").read_text()


def test_stamping_again_changes_nothing(root):
    readme = lamp(root) / "README.md"
    readme.write_text("# Ours\n")
    (lamp(root) / "CHANGELOG.md").unlink()
    again = workspace.stamp(workspace.Request("ninja-boost-lamp", "Other.", feature=True), root)
    assert [path.name for path in again] == ["CHANGELOG.md"]
    assert readme.read_text() == "# Ours\n"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('name = "ninja-boost-lamp"', 'name = "lamp"', "project.name"),
        ('license = "MIT"', 'license = "BSD-3-Clause"', "project.license"),
        ("django-ninja-boost contributors", "Somebody Else", "project.authors"),
        (">=3.11", ">=3.9", "project.requires-python"),
        ('version = "0.1.0"', 'version = "0.1"', "project.version"),
        ('version = "0.1.0"', 'dynamic = ["version"]', "project.version is dynamic"),
        ('description = "A lamp"', 'description = ""', "project.description"),
        ('    "Typing :: Typed",\n', "", "'Typing :: Typed' is missing"),
        ("hatchling.build", "setuptools.build_meta", "build-system"),
        ("src/ninja_boost_lamp", "src/lamp", "the wheel's packages"),
        ('"--strict-markers", ', "", "addopts"),
        ('filterwarnings = ["error"]', 'filterwarnings = ["ignore"]', "filterwarnings"),
        ("xfail_strict = true", "xfail_strict = false", "xfail_strict"),
        ('core>=0.1,<0.2"', 'core==0.1.0"', "should be 'ninja-boost-core>=0.1,<0.2'"),
        ('core>=0.1,<0.2"', 'core>=0.1"', "should be 'ninja-boost-core>=0.1,<0.2'"),
        ('    "ninja-boost-core>=0.1,<0.2",\n', "", "a feature depends on ninja-boost-core"),
        ("PyJWT>=2.10", "django-ninja-boost>=0.4,<0.5", "may depend on no sibling"),
        ("ninja_boost.features", "ninja_boost.other", "no entry point"),
        ("ninja_boost_lamp._feature:", "ninja_boost_core.x:", "outside ninja_boost_lamp"),
    ],
)
def test_wrong_metadata_is_found(root, old, new, problem):
    edit(lamp(root) / "pyproject.toml", old, new)
    assert any(problem in line for line in workspace.problems(root)), workspace.problems(root)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "conftest.py",
        "tests/settings.py",
        "tests/test_package.py",
        "src/ninja_boost_lamp/py.typed",
        "src/ninja_boost_lamp/__init__.py",
        "src/ninja_boost_lamp/_feature.py",
    ],
)
def test_a_missing_file_is_found(root, name):
    (lamp(root) / name).unlink()
    assert any(line.startswith("ninja-boost-lamp: ") for line in workspace.problems(root))


def test_a_changed_licence_and_a_missing_changelog_directory_are_found(root):
    edit(lamp(root) / "LICENSE", "MIT License", "Our License")
    shutil.rmtree(lamp(root) / "changelog.d")
    assert workspace.problems(root) == [
        "ninja-boost-lamp: changelog.d is missing",
        "ninja-boost-lamp: LICENSE differs from LICENSE",
    ]


def test_a_directory_without_metadata_is_found(root):
    (root / "packages" / "ninja-boost-x").mkdir()
    assert workspace.problems(root) == ["ninja-boost-x: no pyproject.toml"]


def test_a_new_minor_version_of_core_makes_every_pin_wrong(root):
    edit(root / "packages/ninja-boost-core/pyproject.toml", '"0.1.0"', '"0.2.0"')
    expected = "'ninja-boost-core>=0.1,<0.2' should be 'ninja-boost-core>=0.2,<0.3'"
    assert workspace.problems(root) == [
        f"django-ninja-boost: {expected}",
        f"ninja-boost-lamp: {expected}",
    ]


def test_the_umbrella_has_to_depend_on_every_package(root):
    workspace.stamp(workspace.Request("ninja-boost-new", "New.", feature=True), root)
    assert workspace.problems(root) == [
        "django-ninja-boost: the umbrella does not depend on ninja-boost-new"
    ]


def test_core_depends_on_no_sibling(root):
    edit(
        root / "packages/ninja-boost-core/pyproject.toml",
        '    "pydantic',
        '    "ninja-boost-lamp>=0.1,<0.2",\n    "pydantic',
    )
    assert "ninja-boost-core: core depends on ninja-boost-lamp" in workspace.problems(root)


@pytest.mark.parametrize(
    "line",
    [
        "from ninja_boost_core._secret import x",
        "from ninja_boost_core import _secret",
        "import ninja_boost_core._secret",
        "def f():\n    from ninja_boost_core.api import _inner",
    ],
)
def test_a_feature_that_imports_private_names_of_core_is_found(root, line):
    (lamp(root) / "src/ninja_boost_lamp/views.py").write_text(line + "\n")
    (problem,) = workspace.problems(root)
    assert re.search(r"views.py:\d+ imports .* which is private", problem)


def test_closure_follows_the_declared_siblings_only(root):
    every = workspace.packages(root)
    names = [p.name for p in workspace.closure("ninja-boost-lamp", every)]
    assert names == ["ninja-boost-lamp", "ninja-boost-core"]
    assert {p.name for p in workspace.closure("django-ninja-boost", every)} == {
        p.name for p in every
    }


def test_the_boundaries_cover_every_package(root):
    workspace.stamp(workspace.Request("ninja-boost-new", "New.", feature=True), root)
    every = workspace.packages(root)
    linter = tomllib.loads(workspace.boundaries(every))["tool"]["importlinter"]
    assert linter["root_packages"] == [p.module for p in every]
    assert linter["contracts"][0]["layers"] == [
        "ninja_boost",
        "ninja_boost_lamp | ninja_boost_new",
        "ninja_boost_core",
    ]


@pytest.mark.parametrize(
    ("version", "expected"), [("0.1.0", ">=0.1,<0.2"), ("0.9.3", ">=0.9.3,<0.10")]
)
def test_pin(version, expected):
    assert workspace.pin(version) == expected


@pytest.mark.parametrize(
    ("specifier", "fits"),
    [
        (">=0.9,<0.10", True),
        (">=0.9.2,<0.10", True),
        ("<0.10,>=0.9.3", True),
        (">=0.9.4,<0.10", False),  # not released yet
        (">=0.8,<0.10", False),
        (">=0.9,<0.11", False),
        (">=0.9", False),
        ("==0.9.3", False),
    ],
)
def test_a_range_of_a_sibling_is_of_one_minor_version(specifier, fits):
    assert workspace.is_pin(specifier, "0.9.3") is fits


@pytest.mark.parametrize("name", ["boost-x", "ninja-boost", "ninja_boost_x", "ninja-boost-X"])
def test_a_name_out_of_line_is_refused(name, capsys):
    assert workspace.main(["new", name, "--summary", "x"]) == 2
    assert name in capsys.readouterr().err


def test_a_stamped_package_builds(root, tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=lamp(root),
        check=True,
        capture_output=True,
    )
    assert [p.name for p in (tmp_path / "dist").iterdir()] == [
        "ninja_boost_lamp-0.1.0-py3-none-any.whl"
    ]
