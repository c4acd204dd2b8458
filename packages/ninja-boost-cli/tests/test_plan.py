from __future__ import annotations

import os
import stat
import sys

import pytest

from ninja_boost_cli import Plan, Refused


@pytest.fixture
def plan(tmp_path):
    return Plan(tmp_path / "new", {"a.txt": b"a", "sub/b.txt": b"b"})


def contents(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_files_are_written(plan):
    plan.write()
    assert contents(plan.root) == plan.files


def test_an_existing_directory_without_conflicts_is_used(plan):
    plan.root.mkdir()
    (plan.root / "mine").write_text("mine")
    plan.write()
    assert contents(plan.root) == {**plan.files, "mine": b"mine"}


def test_nothing_is_written_if_one_file_is_there(plan):
    (plan.root / "sub").mkdir(parents=True)
    (plan.root / "sub" / "b.txt").write_text("precious")
    with pytest.raises(Refused) as refused:
        plan.write()
    assert str(plan.root / "sub" / "b.txt") in str(refused.value)
    assert contents(plan.root) == {"sub/b.txt": b"precious"}


def test_a_file_in_the_place_of_a_directory_is_a_conflict(plan):
    plan.root.mkdir()
    (plan.root / "sub").write_text("precious")
    with pytest.raises(Refused, match="sub"):
        plan.write()
    assert contents(plan.root) == {"sub": b"precious"}


def test_a_dangling_link_is_a_conflict(plan, tmp_path):
    plan.root.mkdir()
    (plan.root / "a.txt").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match=r"a\.txt"):
        plan.write()
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_comes_meanwhile_is_not_overwritten(plan, monkeypatch):
    plan.root.mkdir()
    (plan.root / "sub").mkdir()
    (plan.root / "sub" / "b.txt").write_text("precious")
    monkeypatch.setattr(Plan, "conflicts", lambda self: [])
    with pytest.raises(FileExistsError):
        plan.write()
    assert contents(plan.root) == {"sub/b.txt": b"precious"}


def test_what_was_made_is_taken_away_after_a_failure(plan):
    plan.files["sub/x\0y"] = b""
    with pytest.raises(ValueError, match="null"):
        Plan(plan.root, plan.files).write()
    assert not plan.root.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no modes on Windows")
def test_a_private_file_is_for_its_owner(plan):
    Plan(plan.root, plan.files, private=frozenset({"a.txt"})).write()
    assert stat.S_IMODE(os.stat(plan.root / "a.txt").st_mode) == 0o600


def test_an_edit_keeps_the_mode_and_refuses_what_has_changed(tmp_path):
    path = tmp_path / "list.py"
    path.write_text("old")
    path.chmod(0o640)
    Plan(tmp_path, edits={"list.py": ("old", "new")}).write()
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    with pytest.raises(Refused, match="changed meanwhile"):
        Plan(tmp_path, {"made.py": b""}, edits={"list.py": ("old", "new")}).write()
    assert contents(tmp_path) == {"list.py": b"new"}
