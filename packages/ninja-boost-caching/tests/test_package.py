"""What holds for every package."""

from importlib.metadata import version
from importlib.resources import files

import ninja_boost_caching


def test_public_names_exist():
    for name in ninja_boost_caching.__all__:
        assert hasattr(ninja_boost_caching, name), name


def test_it_is_installed_and_typed():
    assert version("ninja-boost-caching")
    assert files(ninja_boost_caching).joinpath("py.typed").is_file()
