"""What holds for every package."""

from importlib.metadata import version
from importlib.resources import files

import ninja_boost_logging


def test_public_names_exist():
    for name in ninja_boost_logging.__all__:
        assert hasattr(ninja_boost_logging, name), name


def test_it_is_installed_and_typed():
    assert version("ninja-boost-logging")
    assert files(ninja_boost_logging).joinpath("py.typed").is_file()
