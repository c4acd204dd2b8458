"""What holds for every package."""

from importlib.metadata import version
from importlib.resources import files

import ninja_boost_pagination


def test_public_names_exist():
    for name in ninja_boost_pagination.__all__:
        assert hasattr(ninja_boost_pagination, name), name


def test_it_is_installed_and_typed():
    assert version("ninja-boost-pagination")
    assert files(ninja_boost_pagination).joinpath("py.typed").is_file()
