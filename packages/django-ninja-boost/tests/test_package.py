"""What holds for every package."""

from importlib.metadata import version
from importlib.resources import files

import ninja_boost


def test_public_names_exist():
    for name in ninja_boost.__all__:
        assert hasattr(ninja_boost, name), name


def test_it_is_installed_and_typed():
    assert version("django-ninja-boost")
    assert files(ninja_boost).joinpath("py.typed").is_file()
