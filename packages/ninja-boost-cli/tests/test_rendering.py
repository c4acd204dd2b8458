from __future__ import annotations

import ast
import re
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_cli import choose, config_block, start_project
from ninja_boost_cli.options import OPTIONS, SERVERS
from ninja_boost_cli.rendering import render

TEXT = """one
#% if a
two @@{name}
  #% if not b
  three
  #% else
  four
  #% end
#% end
five $x {% y %} @z
"""


@pytest.mark.parametrize(
    ("a", "b", "lines"),
    [
        (False, False, ["one", "five $x {% y %} @z"]),
        (False, True, ["one", "five $x {% y %} @z"]),
        (True, False, ["one", "two shop", "  three", "five $x {% y %} @z"]),
        (True, True, ["one", "two shop", "  four", "five $x {% y %} @z"]),
    ],
)
def test_conditions(a, b, lines):
    assert render(TEXT, {"name": "shop"}, {"a": a, "b": b}).splitlines() == lines


@pytest.mark.parametrize("text", ["#% if a\n", "#% end\n", "#% else\n"])
def test_conditions_that_do_not_fit_together(text):
    with pytest.raises(ValueError, match="condition"):
        render(text, {}, {"a": True})


@pytest.mark.parametrize("text", ["#% if c\n#% end\n", "@@{c}"])
def test_names_that_are_not_there(text):
    with pytest.raises(KeyError):
        render(text, {}, {"a": True})


def choices():
    names = st.sets(st.sampled_from(sorted(OPTIONS)))

    def make(chosen, server):
        left_out = set(OPTIONS) - chosen
        if "metrics" in chosen:
            left_out -= {"lifecycle"}
        return choose(chosen, left_out, server=server)

    return st.builds(make, names, st.sampled_from(sorted(SERVERS)))


@given(choices())
def test_whatever_is_chosen_is_well_formed(choice):
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory)
        (source / "django_ninja_boost-0.4.0-py3-none-any.whl").touch()
        plan = start_project("shop", choice, parent=source, source=source)
    for name, content in plan.files.items():
        text = content.decode()
        assert "@@" not in text, name
        assert "#%" not in text, name
        assert "\n\n\n\n" not in text, name
        if name.endswith(".py"):
            ast.parse(text)
        if name.endswith(".yml"):
            assert yaml.safe_load(text)["jobs"]["test"]["steps"]
    image = plan.files["Dockerfile"].decode()
    assert re.findall(r"^USER .*$", image, re.MULTILINE) == ["USER 10001"]
    assert ".env" in plan.files[".dockerignore"].decode().splitlines()
    assert ".env" in plan.files[".gitignore"].decode().splitlines()
    assert ("apps/accounts/routers.py" in plan.files) is ("jwt" in choice.options)
    assert ("shop/auth.py" in plan.files) is ("jwt" not in choice.options)
    assert ("gunicorn.conf.py" in plan.files) is (choice.server == "gunicorn")
    ast.parse(config_block(choice))
