"""Which combinations are tried, and how a failing one is named."""

import json
import sys
from pathlib import Path

import pytest

import artifacts
import package as workspace
import subsets

CORE, LAMP, BELL, CLI, UMBRELLA = (
    "ninja-boost-core",
    "ninja-boost-lamp",
    "ninja-boost-bell",
    "ninja-boost-cli",
    "django-ninja-boost",
)


@pytest.fixture
def every(clone):
    return workspace.packages(clone.root)


def test_everything_is_tried_without_a_choice(every):
    plan = subsets.plan(every)
    assert set(plan.alone) == {CORE, LAMP, BELL, CLI, UMBRELLA}
    assert plan.pairs == ((BELL, LAMP),)
    assert plan.without == (BELL, LAMP)


def test_a_new_package_is_in_every_kind_of_combination(clone):
    workspace.stamp(workspace.Request("ninja-boost-new", "New.", feature=True), clone.root)
    plan = subsets.plan(workspace.packages(clone.root))
    assert "ninja-boost-new" in plan.alone
    assert {(BELL, "ninja-boost-new"), (LAMP, "ninja-boost-new")} <= set(plan.pairs)
    assert "ninja-boost-new" in plan.without


def test_a_slice_has_the_combinations_of_the_chosen(every):
    plan = subsets.plan(every, [LAMP])
    assert plan == subsets.Plan((LAMP,), ((BELL, LAMP),), (LAMP,))
    assert subsets.plan(every, [UMBRELLA]) == subsets.Plan((UMBRELLA,), (), ())


def test_an_unknown_name_is_said(every):
    with pytest.raises(SystemExit, match="no package: ninja-boost-lmap"):
        subsets.plan(every, ["ninja-boost-lmap"])


def test_a_failing_combination_is_one_line():
    output = "Traceback (most recent call last):\n  ...\nImportError: no lamp\n"
    outcome = subsets.Outcome(f"{BELL} + {LAMP}", output, failed=True)
    assert str(outcome) == f"{BELL} + {LAMP}: ImportError: no lamp"


def test_a_missing_wheel_is_said(every, tmp_path):
    environments = subsets.Environments(tmp_path, tmp_path, every)
    with pytest.raises(SystemExit, match=r"has no wheel ninja_boost_lamp-0\.1\.0-"):
        environments.wheel(LAMP)


def test_pairs_that_get_no_answer_have_failed(every, tmp_path, monkeypatch):
    monkeypatch.setattr(subsets.Environments, "site_packages", lambda self, name: name)
    answer = json.dumps({"code": 0, "output": "{}"}) + "\n"
    monkeypatch.setattr(subsets, "smoke", lambda *arguments, lines: (-9, answer))
    environments = subsets.Environments(tmp_path, tmp_path, every)
    first, second = subsets.try_pairs(environments, [(BELL, LAMP), (LAMP, BELL)])
    assert (first.failed, second.failed) == (False, True)
    assert str(second) == f"{LAMP} + {BELL}: not tried, exit code -9"


def test_the_judge_sees_which_packages_are_there(tmp_path: Path):
    code, output = subsets.smoke(Path(sys.executable), "--expect", "ninja-boost-nowhere")
    assert code
    assert "expected ['ninja-boost-nowhere']" in output


LAMP_BREAKS_BELL = """
from importlib.util import find_spec

if find_spec("ninja_boost_bell"):
    raise ImportError("a lamp does not ring")
"""


@pytest.mark.slow
def test_a_pair_that_breaks_is_found_although_each_works_alone(clone, tmp_path, capsys):
    """With the core of this tree, for a stamped one has no AutoAPI."""
    core = next(p for p in workspace.packages() if p.name == CORE)
    with (clone.package(LAMP) / "src/ninja_boost_lamp/_feature.py").open("a") as source:
        source.write(LAMP_BREAKS_BELL)
    wheels = tmp_path / "wheels"
    artifacts.uv_build(core.directory, wheels, "--wheel")
    for name in (LAMP, BELL, CLI, UMBRELLA):
        artifacts.uv_build(clone.package(name), wheels, "--wheel")
    assert subsets.main(["--wheels", str(wheels), "--root", str(clone.root)]) == 1
    lines = capsys.readouterr().out.splitlines()
    failed = [line for line in lines if line.startswith("failed: ")]
    assert [line.split(":")[1].strip() for line in failed] == [UMBRELLA, f"{BELL} + {LAMP}"]
    assert all("a lamp does not ring" in line for line in failed)
