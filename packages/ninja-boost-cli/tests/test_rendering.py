from __future__ import annotations

import ast
import keyword
import re
import tempfile
import tomllib
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ninja_boost_cli import Refused, choose, config_block, start_app, start_project
from ninja_boost_cli.names import FUZZING, PROJECT_FILES, REQUIRED
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


def project_names():
    taken = [*keyword.kwlist, *REQUIRED, *FUZZING, *PROJECT_FILES, "items", "api", "settings"]
    letters = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,44}", fullmatch=True)
    return letters | st.text(max_size=20) | st.sampled_from(taken)


def a_plan(choice, name="shop", parent=None):
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory)
        (source / "django_ninja_boost-0.4.0-py3-none-any.whl").touch()
        return start_project(name, choice, parent=parent or source, source=source)


@given(choices())
def test_security_headers_are_around_all_other_middleware(choice):
    settings = a_plan(choice).files["shop/settings.py"].decode()
    for text in (settings, config_block(choice)):
        wired = re.findall(r'^(?:#|) +"(\S+Middleware)",$', text, re.MULTILINE)
        first = [name for name in wired if name.endswith(".SecurityHeadersMiddleware")]
        assert len(first) == ("security-headers" in choice.options)
        assert wired[: len(first)] == first


@given(choices(), project_names())
def test_whatever_is_chosen_is_well_formed(choice, name):
    try:
        plan = a_plan(choice, name)
    except Refused:
        name = "shop"
        plan = a_plan(choice, name)
    files = {path: content.decode() for path, content in plan.files.items()}
    for path, text in files.items():
        assert "@@" not in text, path
        assert "#%" not in text, path
        assert "\n\n\n\n" not in text, path
        if path.endswith(".py"):
            compile(text, path, "exec", dont_inherit=True)
        if path.endswith(".toml"):
            assert tomllib.loads(text)["checks"]["enabled"]
    jobs = yaml.safe_load(files[".github/workflows/ci.yml"])["jobs"]
    assert jobs["test"]["steps"][0]["with"] == {"persist-credentials": False}
    [pod] = re.findall(r"```yaml\n(.+?)```", files["README.md"], re.DOTALL)
    container = yaml.safe_load(pod)["spec"]["containers"][0]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", container["image"])  # RFC 1123
    assert container["envFrom"][0]["secretRef"]["name"] == container["image"]
    assert f"docker build --tag {container['image']} ." in files["README.md"]
    assert jobs["image"]["steps"][-1]["run"] == f"docker build --tag {container['image']} ."
    image = files["Dockerfile"]
    assert re.findall(r"^USER .*$", image, re.MULTILINE) == ["USER 10001"]
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", image, re.MULTILINE)
    let_in = [line[1:] for line in files[".dockerignore"].splitlines() if line[:1] == "!"]
    named = {each.rstrip("/") for line in copied for each in line.split()}
    assert named == set(let_in)
    assert all(any(file == each or file.startswith(f"{each}/") for file in files) for each in named)
    assert {".env", "*.env"} <= set(files[".gitignore"].splitlines())
    options = choice.options
    assert ("apps/accounts/routers.py" in files) is ("jwt" in options)
    assert (f"{name}/auth.py" in files) is ("jwt" not in options)
    assert ("apps/webhooks/routers.py" in files) is ("webhooks" in options)
    assert (f"{name}/versions.py" in files) is ("versioning" in options)
    assert ("gunicorn.conf.py" in files) is (choice.server == "gunicorn")
    ast.parse(config_block(choice))


@given(choices())
def test_every_variable_that_is_read_is_in_the_example(choice):
    """And with what is in .env and in CI every one that is needed."""
    files = {path: content.decode() for path, content in a_plan(choice).files.items()}
    example = set(re.findall(r"^(?:# )?([A-Z_]+)=", files[".env.example"], re.MULTILINE))
    sources = "".join(text for path, text in files.items() if path.endswith(".py"))
    needed = set(re.findall(r'environ\["([A-Z_]+)"\]', sources)) - {"REDIS_URL"}
    read = set(re.findall(r'environ\.(?:get|flag)\(["\']([A-Z_]+)', sources))
    needed -= {"PROMETHEUS_MULTIPROC_DIR"}  # the servers set it
    assert needed | read - {"FUZZ_EXAMPLES", "DJANGO_SETTINGS_MODULE"} <= example
    values = dict(line.split("=", 1) for line in files[".env"].splitlines())
    assert needed <= set(values)
    assert all(values.values())
    workflow = yaml.safe_load(files[".github/workflows/ci.yml"])
    assert needed <= set(workflow["jobs"]["test"]["env"])


@given(choices(), st.data())
def test_a_file_that_is_there_is_never_touched(choice, data):
    with tempfile.TemporaryDirectory() as directory:
        plan = a_plan(choice, parent=Path(directory))
        there = data.draw(st.sets(st.sampled_from(sorted(plan.files)), min_size=1, max_size=3))
        for path in there:
            (plan.root / path).parent.mkdir(parents=True, exist_ok=True)
            (plan.root / path).write_text("precious")
        with pytest.raises(Refused) as refused:
            plan.write()
        left = [path for path in plan.root.rglob("*") if path.is_file()]
        assert {str(path.relative_to(plan.root)) for path in left} == there
        assert {path.read_text() for path in left} == {"precious"}
        assert all(str(plan.root / path) in str(refused.value) for path in there)


@given(st.from_regex(r"[a-z][a-z0-9_]{0,42}", fullmatch=True) | project_names())
def test_the_modules_of_any_app_are_well_formed(name):
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "manage.py").touch()
        try:
            plan = start_app(name, root=Path(directory))
        except Refused:
            return
        assert list(Path(directory).iterdir()) == [Path(directory) / "manage.py"]
    for path, text in plan.files.items():
        compile(text, path, "exec", dont_inherit=True)
    tree = ast.parse(plan.files[f"apps/{name}/routers.py"])
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert len(set(functions)) == 4
