"""The workflows of .github run what runs here, with few rights and nothing that can change."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import package as workspace

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES}
STEPS = [
    pytest.param(job, step, id=f"{workflow}-{name}-{number}")
    for workflow, content in WORKFLOWS.items()
    for name, job in content["jobs"].items()
    for number, step in enumerate(job["steps"])
]
COMMAND = re.compile(r"\bpython[\d.]* (tools/\w+\.py)((?: [^\s)|&;]+| \"[^\"]+\")*)")
SHELL = {"echo", "case", "python", "python3.11"}


@pytest.fixture(scope="module")
def sessions():
    """The names of all nox sessions, those of each combination of parameters among them."""
    listing = subprocess.run(
        [sys.executable, "-m", "nox", "--list", "--noxfile", ROOT / "noxfile.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(re.findall(r"^[*-] (.+?)(?: ->.*)?$", listing.stdout, re.MULTILINE))


def sessions_of(job):
    """The sessions that a job runs, once its matrix is filled in."""
    for step in job["steps"]:
        if match := re.search(r'dev\.py test -s ("[^"]+"|\S+)', step.get("run", "")):
            name = match[1].strip('"')
            variable = re.search(r"\$(\w+)", name)
            if variable is None:
                yield name
                continue
            value = step["env"][variable[1]]
            key = re.fullmatch(r"\$\{\{ matrix\.(\w+) \}\}", value)[1]
            choices = job["strategy"]["matrix"][key]
            if isinstance(choices, str):  # what tools/affected.py prints
                choices = [package.name for package in workspace.packages()]
            yield from (name.replace(f"${variable[1]}", each) for each in choices)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_each_session_is_one_of_nox(workflow, sessions):
    named = [name for job in WORKFLOWS[workflow]["jobs"].values() for name in sessions_of(job)]
    assert sorted(set(named) - sessions) == []
    assert named


@pytest.mark.parametrize(("job", "step"), STEPS)
def test_each_command_is_one_of_the_repository(job, step):
    script = step.get("run", "")
    for found in COMMAND.finditer(script):
        file, arguments = found.groups()[:2]
        if " -s release -- " in arguments:  # a session that hands them over
            file, arguments = "tools/release.py", arguments.partition(" -- ")[2]
        assert (ROOT / file).is_file()
        commands = [word for word in arguments.split()[:1] if word.isalpha()]
        shown = subprocess.run(
            [sys.executable, ROOT / file, *commands, "--help"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for option in re.findall(r"(?<!\S)--\w[\w-]*", arguments):
            assert option in shown
    first = {line.split()[0] for line in script.splitlines() if line.strip()}
    assert first <= SHELL, "a command that is no session and no tool"


@pytest.mark.parametrize(("job", "step"), STEPS)
def test_no_script_is_put_together_from_what_others_write(job, step):
    assert "${{" not in step.get("run", "")


@pytest.mark.parametrize(("job", "step"), STEPS)
def test_each_action_is_pinned_and_keeps_no_credentials(job, step):
    uses = step.get("uses")
    if uses is None:
        return
    assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", uses)
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    (version,) = set(re.findall(rf"{uses}(.*)", text))
    assert re.fullmatch(r" # v\d+\.\d+\.\d+", version)
    if uses.startswith("actions/checkout@"):
        assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_rights_are_few(workflow):
    content = WORKFLOWS[workflow]
    assert content["permissions"] in ({}, {"contents": "read"})
    assert "concurrency" in content
    for name, job in content["jobs"].items():
        assert job["timeout-minutes"] <= 120
        writes = [right for right, level in job.get("permissions", {}).items() if level == "write"]
        assert writes == (["id-token"] if (workflow, name) == ("release", "publish") else [])


def test_only_what_was_built_without_rights_is_published():
    publish = WORKFLOWS["release"]["jobs"]["publish"]
    assert publish["needs"] == "build"
    assert publish["environment"]["name"] == "${{ needs.build.outputs.package }}"
    assert [step["uses"].partition("@")[0] for step in publish["steps"]] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]


def test_a_tag_of_each_package_starts_a_release():
    patterns = WORKFLOWS["release"][True]["push"]["tags"]  # YAML reads `on` as a truth value
    for package in workspace.packages():
        tag = f"{package.name}-v{package.version}"
        assert any(re.fullmatch(pattern.replace("*", ".*"), tag) for pattern in patterns)


def test_zizmor_finds_nothing():
    zizmor = shutil.which("zizmor", path=Path(sys.executable).parent)
    assert zizmor
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", ROOT / ".github"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
