"""Which versions follow, what a release edits, and everything that it refuses.

The tags here are set by hand; test_release_rehearsal.py releases for real.
"""

import re
import shutil
import tarfile
import zipfile

import pytest

import artifacts
import package as workspace
import release

from .conftest import Clone

CORE, LAMP, BELL, CLI, UMBRELLA = (
    "ninja-boost-core",
    "ninja-boost-lamp",
    "ninja-boost-bell",
    "ninja-boost-cli",
    "django-ninja-boost",
)


def planned(clone, *names):
    found = release.plan(release.statuses(clone.root), names)
    return {each.name: each.version for each in found}


def problems(clone):
    every = release.statuses(clone.root)
    return release.problems(clone.root, every, release.plan(every))


def apply(clone):
    """Edit, commit and tag as a release does, without the builds."""
    releases = release.plan(release.statuses(clone.root))
    versions = {p.name: p.version for p in workspace.packages(clone.root)}
    versions |= {each.name: each.version for each in releases}
    release.apply(clone.root, releases, versions)
    clone.commit("Release")
    for each in releases:
        clone.git("tag", each.tag)
    return releases


@pytest.fixture(scope="session")
def original_release(original, tmp_path_factory):
    root = tmp_path_factory.mktemp("released") / "clone"
    apply(Clone(shutil.copytree(original, root)))
    return root


@pytest.fixture
def released(original_release, tmp_path):
    return Clone(shutil.copytree(original_release, tmp_path / "released"))


def test_the_first_release_has_the_versions_that_are_written_down(clone):
    assert planned(clone) == dict.fromkeys([CORE, LAMP, BELL, CLI], "0.1.0") | {UMBRELLA: "0.4.0"}
    assert problems(clone) == []


def test_after_a_release_there_is_nothing_to_release(released, capsys):
    assert planned(released) == {}
    assert problems(released) == []
    assert release.main(["prepare", "--root", str(released.root)]) == 0
    assert "Nothing to release" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("removed", "0.2.0"),
        ("changed", "0.2.0"),
        ("added", "0.1.1"),
        ("fixed", "0.1.1"),
        ("security", "0.1.1"),
    ],
)
def test_the_fragments_choose_the_version(released, kind, version):
    released.change(LAMP, kind)
    assert planned(released)[LAMP] == version
    assert problems(released) == []


def test_the_strongest_fragment_counts(released):
    released.change(LAMP, "fixed", slug="one")
    released.change(LAMP, "removed", slug="two")
    assert planned(released)[LAMP] == "0.2.0"


def test_a_patch_releases_the_package_alone(released):
    released.change(LAMP, "added")
    assert planned(released) == {LAMP: "0.1.1"}


def test_a_minor_version_moves_the_umbrella_with_it(released):
    released.change(LAMP, "changed")
    assert planned(released) == {LAMP: "0.2.0", UMBRELLA: "0.5.0"}


def test_a_minor_version_of_core_moves_all_that_need_it(released):
    released.change(CORE, "removed")
    minor = dict.fromkeys([CORE, LAMP, BELL], "0.2.0")
    assert planned(released) == {**minor, UMBRELLA: "0.5.0"}


def test_an_extra_moves_too(clone):
    clone.edit(
        f"packages/{BELL}/pyproject.toml",
        "[dependency-groups]",
        '[project.optional-dependencies]\nlit = ["ninja-boost-lamp>=0.1,<0.2"]\n\n'
        "[dependency-groups]",
    )
    clone.commit()
    apply(clone)
    clone.change(LAMP, "changed")
    apply(clone)
    assert '"ninja-boost-lamp>=0.2,<0.3"' in (clone.package(BELL) / "pyproject.toml").read_text()
    assert workspace.problems(clone.root) == []


def test_only_what_is_named_and_what_it_needs(released):
    released.change(LAMP, "fixed")
    released.change(BELL, "fixed")
    assert planned(released, LAMP) == {LAMP: "0.1.1"}
    released.change(CORE, "fixed")
    assert planned(released, LAMP) == {CORE: "0.1.1", LAMP: "0.1.1"}
    with pytest.raises(release.Refusal, match="no package: lamp"):
        planned(released, "lamp")


def test_the_newest_tag_counts_by_its_numbers(released):
    for version in ("0.1.9", "0.1.10"):
        released.git("tag", f"{LAMP}-v{version}")
    assert release.last_tag(released.root, LAMP) == f"{LAMP}-v0.1.10"


def test_a_tag_of_another_package_or_branch_is_not_ours(released):
    released.git("tag", f"{LAMP}-x-v9.9.9")
    released.git("checkout", "--quiet", "-b", "elsewhere")
    released.change(LAMP, "fixed")
    released.git("tag", f"{LAMP}-v0.1.7")
    released.git("checkout", "--quiet", "main")
    assert release.last_tag(released.root, LAMP) == f"{LAMP}-v0.1.0"


def test_what_a_release_edits(released):
    released.change(CORE, "fixed")
    released.change(LAMP, "changed")
    apply(released)
    lamp = (released.package(LAMP) / "pyproject.toml").read_text()
    assert 'version = "0.2.0"' in lamp
    # It is released with what it was tested with: at least that core.
    assert '"ninja-boost-core>=0.1.1,<0.2"' in lamp
    umbrella = (released.package(UMBRELLA) / "pyproject.toml").read_text()
    assert '"ninja-boost-lamp>=0.2,<0.3"' in umbrella
    assert '"ninja-boost-bell>=0.1,<0.2"' in umbrella
    # What is not released stays as it was, and its range still takes the new core.
    assert '"ninja-boost-core>=0.1,<0.2"' in (released.package(BELL) / "pyproject.toml").read_text()
    assert workspace.problems(released.root) == []
    changelog = (released.package(LAMP) / "CHANGELOG.md").read_text()
    new, old = changelog.index("\n## 0.2.0 ("), changelog.index("\n## 0.1.0 (")
    assert new < changelog.index("What was changed.") < old
    assert (
        "Needs ninja-boost-lamp 0.2." in (released.package(UMBRELLA) / "CHANGELOG.md").read_text()
    )
    assert list((released.package(LAMP) / "changelog.d").glob("*.md")) == []


def test_a_range_with_extras_keeps_them():
    text = (
        'version = "0.1.0"\nx = ["a-b[redis,otel]>=0.1,<0.2", "a-b-c>=0.1,<0.2", "a>=0.1,<0.2"]\n'
    )
    assert release.edited(text, "0.1.1", {"a-b": "0.2.3"}) == (
        'version = "0.1.1"\nx = ["a-b[redis,otel]>=0.2.3,<0.3", "a-b-c>=0.1,<0.2", "a>=0.1,<0.2"]\n'
    )


def test_the_rules_end_before_1_0():
    with pytest.raises(release.Refusal, match=r"only for versions 0\.N\.P"):
        release.next_version("1.0.0", ["fixed"])


def test_a_change_without_a_fragment_is_refused(released, capsys):
    released.edit(f"packages/{LAMP}/src/ninja_boost_lamp/__init__.py", '"""', "'''")
    released.commit()
    assert release.main(["prepare", "--root", str(released.root)]) == 1
    said = capsys.readouterr().err
    assert f"{LAMP}: no fragment says what changed since {LAMP}-v0.1.0" in said


def test_changed_metadata_needs_a_fragment_but_tests_and_tools_do_not(released):
    released.edit(f"packages/{LAMP}/pyproject.toml", "xfail_strict = true", "xfail_strict=true")
    (released.package(LAMP) / "tests/test_more.py").write_text("")
    assert problems(released) == []
    released.edit(f"packages/{LAMP}/pyproject.toml", '"django>=5.2"', '"django>=6.0"')
    (problem,) = problems(released)
    assert "pyproject.toml [project]" in problem


def test_a_package_without_any_fragment_is_not_released_unsaid(clone):
    (clone.package(LAMP) / "changelog.d/+first.added.md").unlink()
    assert problems(clone) == [
        f"{LAMP}: it was never released, and no fragment says what it brings"
    ]


def test_an_unknown_kind_is_refused(released):
    released.change(LAMP, "improved")
    assert f"{LAMP}: 'improved' is no kind of change fragment" in problems(released)


def test_a_version_that_is_not_the_last_tag_is_refused(released):
    released.edit(f"packages/{LAMP}/pyproject.toml", 'version = "0.1.0"', 'version = "0.1.5"')
    released.fragment(LAMP, "fixed")
    expected = f"{LAMP}: the version is 0.1.5, but the last tag is {LAMP}-v0.1.0"
    assert expected in problems(released)


def test_an_incompatible_pin_is_refused(released):
    released.edit(f"packages/{LAMP}/pyproject.toml", "core>=0.1,<0.2", "core>=0.3,<0.4")
    released.fragment(LAMP, "changed")
    assert any("should be 'ninja-boost-core>=0.1,<0.2'" in line for line in problems(released))


def test_a_tag_that_is_there_already_is_refused(released):
    released.git("checkout", "--quiet", "-b", "elsewhere")
    released.change(LAMP, "fixed")
    released.git("tag", f"{LAMP}-v0.1.1")
    released.git("checkout", "--quiet", "main")
    released.change(LAMP, "fixed", slug="other")
    assert problems(released) == [f"{LAMP}-v0.1.1 exists already"]


def test_a_dirty_tree_is_refused(released, capsys):
    released.fragment(LAMP, "fixed")
    assert release.main(["prepare", "--execute", "--root", str(released.root)]) == 1
    assert "+it.fixed.md" in capsys.readouterr().err


def test_the_dry_run_says_all_and_does_nothing(released, capsys):
    released.change(LAMP, "changed")
    before = released.git("rev-parse", "HEAD"), released.git("tag")
    assert release.main(["prepare", "--root", str(released.root)]) == 0
    rows = [re.split(r"\s{2,}", row) for row in capsys.readouterr().out.splitlines()]
    assert rows == [
        ["package", "last", "next", "why"],
        [UMBRELLA, "0.4.0", "0.5.0", f"needs {LAMP}"],
        [LAMP, "0.1.0", "0.2.0", "1 changed"],
        ["Nothing was done; --execute does it."],
    ]
    assert (released.git("rev-parse", "HEAD"), released.git("tag")) == before
    assert released.git("status", "--porcelain") == ""


def test_a_failing_build_leaves_everything_as_it_was(released, tmp_path, monkeypatch, capsys):
    released.change(LAMP, "fixed")
    before = released.git("rev-parse", "HEAD"), released.git("tag"), released.git("status", "-s")

    def fail(root, names, out):
        raise release.Refusal(f"{names[0]} does not build")

    monkeypatch.setattr(artifacts, "build", fail)
    command = ["prepare", "--execute", "--root", str(released.root), "--out", str(tmp_path)]
    assert release.main(command) == 1
    assert f"{LAMP} does not build" in capsys.readouterr().err
    after = released.git("rev-parse", "HEAD"), released.git("tag"), released.git("status", "-s")
    assert after == before
    assert len(released.git("worktree", "list").splitlines()) == 1


def test_tags_are_pushed_in_groups_that_start_workflows(clone, capsys):
    release.print_pushes("main", release.plan(release.statuses(clone.root)))
    pushes = [line.split()[3:] for line in capsys.readouterr().out.splitlines()[1:]]
    assert pushes[0] == ["main"]
    assert all(len(tags) <= 3 for tags in pushes)
    order = [tag for tags in pushes[1:] for tag in tags]
    assert order[0].startswith(CORE)
    assert order[-1].startswith(UMBRELLA)
    assert len(order) == 5


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        (f"{LAMP}-v0.1.1", "the version of ninja-boost-lamp is 0.1.0"),
        ("v0.1.0", "no tag of a package"),
        (f"{LAMP}-x-v0.1.0", "no tag of a package"),
    ],
)
def test_a_tag_that_does_not_fit_is_not_built(released, tag, why):
    with pytest.raises(release.Refusal, match=why):
        release.tagged(released.root, tag)


def test_a_tag_is_built_as_it_was_set(released):
    assert release.tagged(released.root, f"{LAMP}-v0.1.0") == LAMP
    released.fragment(LAMP, "fixed")
    with pytest.raises(release.Refusal, match=r"left over: \+it.fixed.md"):
        release.tagged(released.root, f"{LAMP}-v0.1.0")
    (released.package(LAMP) / "changelog.d/+it.fixed.md").unlink()
    (released.root / "stray").write_text("")
    with pytest.raises(release.Refusal, match="not what was tagged"):
        release.tagged(released.root, f"{LAMP}-v0.1.0")
    released.commit()
    with pytest.raises(release.Refusal, match="check the tag out first"):
        release.tagged(released.root, f"{LAMP}-v0.1.0")


def test_a_tag_without_an_entry_in_the_changelog_is_not_built(released):
    released.edit(f"packages/{LAMP}/CHANGELOG.md", "## 0.1.0 (", "## 0.0.9 (")
    with pytest.raises(release.Refusal, match=r"no entry for 0\.1\.0"):
        release.tagged(released.root, f"{LAMP}-v0.1.0")


def test_released_features_are_paired_with_the_next_core(released):
    assert release.with_next_core(released.root) == {LAMP: f"{LAMP}-v0.1.0", BELL: f"{BELL}-v0.1.0"}
    released.change(CORE, "fixed")
    assert set(release.with_next_core(released.root)) == {LAMP, BELL}
    released.change(CORE, "removed", slug="more")
    assert release.with_next_core(released.root) == {}


def test_what_was_tagged_can_be_extracted(released, tmp_path):
    released.change(LAMP, "fixed", text="\nnew = 1\n")
    release.extract(released.root, f"{LAMP}-v0.1.0", f"packages/{LAMP}", tmp_path / "old")
    old = tmp_path / "old/packages" / LAMP
    assert "new = 1" not in (old / "src/ninja_boost_lamp/__init__.py").read_text()
    assert (old / "tests/settings.py").is_file()


@pytest.fixture(scope="session")
def original_build(original, tmp_path_factory):
    out = tmp_path_factory.mktemp("build")
    artifacts.uv_build(original / "packages" / LAMP, out)
    return out


@pytest.fixture
def built(clone, original_build, tmp_path):
    package = next(p for p in workspace.packages(clone.root) if p.name == LAMP)
    return package, shutil.copytree(original_build, tmp_path / "out")


def test_a_sound_build_has_no_problems(built):
    package, out = built
    assert list(artifacts.problems(package, out)) == []


@pytest.mark.parametrize(
    "name", ["tests/test_it.py", "ninja_boost_lamp/notes.txt", "other/__init__.py"]
)
def test_a_stray_file_in_a_wheel_is_found(built, name):
    package, out = built
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(name, "")
    assert list(artifacts.problems(package, out)) == [f"{wheel.name} has a stray file: {name}"]


@pytest.mark.parametrize("name", ["py.typed", "LICENSE", "_feature.py"])
def test_a_file_that_a_wheel_lacks_is_found(built, name):
    package, out = built
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        kept = {n: archive.read(n) for n in archive.namelist() if not n.endswith(f"/{name}")}
    with zipfile.ZipFile(wheel, "w") as archive:
        for each, data in kept.items():
            archive.writestr(each, data)
    found = list(artifacts.problems(package, out))
    assert any(re.search(rf"whl lacks \S*{name}", problem) for problem in found), found


def test_a_wheel_with_other_requirements_is_found(built):
    package, out = built
    metadata = package.directory / "pyproject.toml"
    metadata.write_text(metadata.read_text().replace("core>=0.1,<0.2", "core>=0.2,<0.3"))
    (problem,) = artifacts.problems(workspace.Package(package.directory), out)
    assert "requires" in problem


def test_a_stray_file_in_a_source_distribution_is_found(built, tmp_path):
    package, out = built
    (sdist,) = out.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "inside", filter="data")
    stem = "ninja_boost_lamp-0.1.0"
    (tmp_path / "inside" / stem / "changelog.d").mkdir()
    (tmp_path / "inside" / stem / "changelog.d/+it.fixed.md").write_text("")
    with tarfile.open(sdist, "w:gz") as archive:
        archive.add(tmp_path / "inside" / stem, stem)
    found = list(artifacts.problems(package, out))
    assert found == [f"{sdist.name} has a stray file: changelog.d/+it.fixed.md"]


def test_a_build_of_another_version_is_found(built):
    package, out = built
    (wheel,) = out.glob("*.whl")
    wheel.rename(out / "ninja_boost_lamp-0.1.1-py3-none-any.whl")
    (problem,) = artifacts.problems(package, out)
    assert "was not built" in problem
