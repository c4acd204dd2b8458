from __future__ import annotations

import re

import pytest

from ninja_boost_cli import Refused, choose, start_project
from ninja_boost_cli.wheels import find_wheels

UMBRELLA = "django_ninja_boost-0.4.0-py3-none-any.whl"
CORE = "ninja_boost_core-0.1.0-py3-none-any.whl"


@pytest.fixture
def wheels(tmp_path):
    directory = tmp_path / "dist"
    directory.mkdir()
    for name in (UMBRELLA, CORE, "other-1.0-py3-none-any.whl"):
        (directory / name).write_bytes(name.encode())
    return directory


@pytest.fixture
def checkout(tmp_path):
    requirements = {
        "django-ninja-boost": ["django>=5.2", "ninja-boost-core>=0.1,<0.2", "ninja-boost-jwt"],
        "ninja-boost-core": ["django-ninja>=1.5"],
        "ninja-boost-jwt": ["pyjwt", "ninja-boost-core>=0.1,<0.2"],
        "ninja-boost-unused": [],
    }
    for name, dependencies in requirements.items():
        directory = tmp_path / "checkout" / "packages" / name
        directory.mkdir(parents=True)
        listed = ", ".join(f'"{each}"' for each in dependencies)
        (directory / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "0.7.1"\ndependencies = [{listed}]\n'
        )
    return tmp_path / "checkout"


def test_wheels_are_copied(wheels, tmp_path):
    plan = start_project("shop", choose(), parent=tmp_path, source=wheels)
    copied = {name: text for name, text in plan.files.items() if name.endswith(".whl")}
    assert copied == {f"wheels/{name}": name.encode() for name in (UMBRELLA, CORE)}
    assert "pip wheel" not in plan.notes[-1]


def test_the_wheels_of_a_checkout_are_named_with_the_command_that_makes_them(checkout, tmp_path):
    plan = start_project("shop", choose(), parent=tmp_path, source=checkout)
    requirements = plan.files["requirements.txt"].decode()
    assert re.findall(
        r"^\./wheels/(.*)-0\.7\.1-py3-none-any\.whl$", requirements, re.MULTILINE
    ) == [
        "django_ninja_boost",
        "ninja_boost_core",
        "ninja_boost_jwt",
    ]
    assert f"pip wheel --no-deps --wheel-dir wheels {checkout}/packages/*" in plan.notes[-1]


def test_no_requirement_asks_an_index_for_a_package_of_ours(wheels, tmp_path):
    plan = start_project("shop", choose(["metrics"]), parent=tmp_path, source=wheels)
    lines = plan.files["requirements.txt"].decode().splitlines()
    required = [line for line in lines if line and not line.startswith(("#", "./wheels/"))]
    assert required
    assert not [line for line in required if "boost" in line]


def test_a_package_that_is_missing_in_the_checkout_is_named(checkout):
    (checkout / "packages" / "ninja-boost-jwt" / "pyproject.toml").unlink()
    with pytest.raises(Refused, match="ninja-boost-jwt"):
        find_wheels(checkout)


def test_two_versions_are_ambiguous(wheels):
    (wheels / "ninja_boost_core-0.1.1-py3-none-any.whl").touch()
    with pytest.raises(Refused, match="leave only one"):
        find_wheels(wheels)


def test_a_source_without_the_packages_is_refused(tmp_path):
    with pytest.raises(Refused, match="neither a checkout"):
        find_wheels(tmp_path)
    with pytest.raises(Refused, match="no directory"):
        find_wheels(tmp_path / "nowhere")


def installation(directory, name, requires=(), url=None):
    info = directory / f"{name.replace('-', '_')}-0.5.0.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 0.5.0"]
    info.joinpath("METADATA").write_text(
        "\n".join([*lines, *(f"Requires-Dist: {each}" for each in requires), ""])
    )
    if url:
        info.joinpath("direct_url.json").write_text(f'{{"url": "{url}", "dir_info": {{}}}}')


def test_by_default_the_versions_are_those_that_are_installed(tmp_path, monkeypatch):
    required = ["ninja-boost-core<0.6,>=0.5", 'ninja-boost-jwt; extra == "jwt"']
    installation(tmp_path, "django-ninja-boost", required)
    installation(tmp_path, "ninja-boost-core", ["django>=5.2"])
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find_wheels(None).names == (
        "django_ninja_boost-0.5.0-py3-none-any.whl",
        "ninja_boost_core-0.5.0-py3-none-any.whl",
    )


def test_an_installation_from_a_checkout_leads_back_to_it(checkout, tmp_path, monkeypatch):
    site = tmp_path / "site"
    url = (checkout / "packages" / "django-ninja-boost").as_uri()
    installation(site, "django-ninja-boost", url=url)
    monkeypatch.syspath_prepend(str(site))
    assert find_wheels(None) == find_wheels(checkout)


def test_without_an_installation_a_source_is_asked_for(monkeypatch):
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(Refused, match="--source DIRECTORY"):
        find_wheels(None)
