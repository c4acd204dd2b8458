"""What holds for every package."""

from importlib.metadata import version
from importlib.resources import files

import ninja_boost_queries


def test_public_names_exist():
    for name in ninja_boost_queries.__all__:
        assert hasattr(ninja_boost_queries, name), name


def test_it_is_installed_and_typed():
    assert version("ninja-boost-queries")
    assert files(ninja_boost_queries).joinpath("py.typed").is_file()
