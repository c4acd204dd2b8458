"""Each system check finds a broken project, and is content once its hint has been followed.

``check_cases.CASES`` has the id, what makes a project broken, words of the hint, and what following
them changes. A project is a dictionary of settings that differ from those of the tests, and of:

- ROOT_URLCONF: a function that returns the URL patterns.
- code: what the project's own code has, as (object, attribute, value).
- environ: environment variables.
- absent: modules that are not installed, which a command as the hint changes.
"""

import gc
import sys
from functools import cached_property
from pathlib import Path
from types import ModuleType

import pytest
from django.core import checks
from django.test import override_settings

from ninja_boost_core.checks import register

from .check_cases import CASES

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
LEVELS = {"E": checks.ERROR, "W": checks.WARNING}
WORDS = {"E": "error", "W": "warning"}
NOT_NAMED = {"ROOT_URLCONF", "code", "absent"}
"""What a hint changes without naming it so."""


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """What core's app does."""
    registry = checks.registry.registry
    monkeypatch.setattr(registry, "registered_checks", set(registry.registered_checks))
    monkeypatch.setattr(registry, "deployment_checks", set(registry.deployment_checks))
    register()


class Urls(ModuleType):
    """A module of URLs, as if it was imported when they are first needed."""

    def __init__(self, patterns):
        super().__init__("urls_of_a_check")
        self.patterns = patterns

    @cached_property
    def urlpatterns(self):
        return self.patterns()


def messages(project, deploy=True):
    """What ``check`` says of the project, with ``--deploy`` or not."""
    settings = {name: value for name, value in project.items() if name.isupper()}
    if callable(patterns := settings.get("ROOT_URLCONF")):
        settings["ROOT_URLCONF"] = Urls(patterns)
    with pytest.MonkeyPatch.context() as patch, override_settings(**settings):
        for name, value in project.get("environ", {}).items():
            patch.setenv(name, value)
        for owner, name, value in project.get("code", ()):
            patch.setattr(owner, name, value, raising=False)
        for name in project.get("absent", ()):
            patch.setitem(sys.modules, name, None)
        gc.collect()  # the views of another project
        found = checks.run_checks(include_deployment_checks=deploy, tags=["ninja_boost"])
        return [message for message in found if not message.is_silenced()]


def changes(before, after, key=""):
    """Each key whose value differs; for a list, what comes or goes."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from changes(before.get(name, {}), after.get(name, {}), name)
    elif before != after and key not in NOT_NAMED:
        lists = isinstance(before, list) and isinstance(after, list)
        items = before + after if lists else []
        yield key, [item for item in items if item not in before or item not in after]


@pytest.mark.parametrize(
    ("check_id", "broken", "words", "fix"), CASES, ids=[check_id for check_id, *_ in CASES]
)
def test_following_the_hint_is_enough(check_id, broken, words, fix):
    found = messages(broken)
    [message] = [each for each in found if each.id == check_id and words in (each.hint or "")]
    assert message.level == LEVELS[check_id[-4]]
    if fix.keys() == {"absent"}:
        assert message.hint.startswith("pip install ")
    fixed = {**broken, **fix}
    said = f"{message.msg} {message.hint}"
    for key, items in changes(broken, fixed):
        assert key in said or (items and all(str(item) in said for item in items)), key
    if f"| `{check_id}` |" in README:
        always = check_id in {each.id for each in messages(broken, deploy=False)}
        level = WORDS[check_id[-4]] + ("" if always else ", with `--deploy`")
        assert f"| `{check_id}` | {level} |" in README
    ids = {each.id for each in messages(fixed)}
    assert check_id not in ids
    assert ids <= {each.id for each in found}
