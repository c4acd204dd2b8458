"""What holds for every package."""

from importlib.metadata import version
from importlib.resources import files

import ninja_boost_testing


def test_public_names_exist():
    for name in ninja_boost_testing.__all__:
        assert hasattr(ninja_boost_testing, name), name


def test_it_is_installed_and_typed():
    assert version("ninja-boost-testing")
    assert files(ninja_boost_testing).joinpath("py.typed").is_file()
