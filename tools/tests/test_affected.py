"""What a change touches."""

import json

import pytest

import affected
import package as workspace

ALL = [
    "django-ninja-boost",
    "ninja-boost-bell",
    "ninja-boost-cli",
    "ninja-boost-core",
    "ninja-boost-lamp",
]


@pytest.fixture
def every(clone):
    return workspace.packages(clone.root)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("packages/ninja-boost-lamp/src/x.py", ["django-ninja-boost", "ninja-boost-lamp"]),
        ("packages/django-ninja-boost/README.md", ["django-ninja-boost"]),
        (
            "packages/ninja-boost-core/src/x.py",
            ["django-ninja-boost", "ninja-boost-bell", "ninja-boost-core", "ninja-boost-lamp"],
        ),
        ("packages/ninja-boost-gone/src/x.py", ALL),
        ("tools/release.py", ALL),
        ("tools/README.md", ALL),
        ("pyproject.toml", ALL),
        (".github/workflows/ci.yml", ALL),
        ("README.md", []),
        ("docs/guide.md", []),
        ("tests-integration/airline/models.py", []),
    ],
)
def test_a_file_touches_its_package_and_what_needs_it(every, file, expected):
    assert affected.affected([file], every) == expected


def test_an_extra_is_a_need_too(clone):
    clone.edit(
        "packages/ninja-boost-bell/pyproject.toml",
        "[dependency-groups]",
        '[project.optional-dependencies]\nlit = ["ninja-boost-lamp>=0.1,<0.2"]\n\n'
        "[dependency-groups]",
    )
    every = workspace.packages(clone.root)
    assert "ninja-boost-bell" in affected.affected(["packages/ninja-boost-lamp/x"], every)


def test_the_comparison_is_with_where_the_branch_began(clone, capsys):
    clone.git("checkout", "--quiet", "-b", "work")
    clone.change("ninja-boost-lamp", "fixed")
    clone.git("checkout", "--quiet", "main")
    clone.change("ninja-boost-bell", "fixed")
    clone.git("checkout", "--quiet", "work")
    assert affected.main(["--base", "main"], clone.root) == 0
    assert capsys.readouterr().out.splitlines() == ["django-ninja-boost", "ninja-boost-lamp"]


def test_new_and_moved_files_count(clone, capsys):
    source = clone.package("ninja-boost-lamp") / "src/ninja_boost_lamp"
    clone.git("checkout", "--quiet", "-b", "work")
    clone.git("mv", str(source / "py.typed"), str(clone.package("ninja-boost-cli") / "moved"))
    (clone.package("ninja-boost-bell") / "new.py").write_text("")
    affected.main(["--base", "main", "--json"], clone.root)
    found = json.loads(capsys.readouterr().out)
    assert found == [
        "django-ninja-boost",
        "ninja-boost-bell",
        "ninja-boost-cli",
        "ninja-boost-lamp",
    ]


def test_nothing_changed_is_an_empty_list(clone, capsys):
    affected.main(["--base", "main"], clone.root)
    affected.main(["--base", "main", "--json"], clone.root)
    assert capsys.readouterr().out == "[]\n"


def test_an_unknown_base_is_said(clone):
    with pytest.raises(SystemExit, match="git merge-base"):
        affected.main(["--base", "no-such-branch"], clone.root)
