"""What holds for every package."""

from importlib.metadata import version
from importlib.resources import files

import ninja_boost_metrics


def test_public_names_exist():
    for name in ninja_boost_metrics.__all__:
        assert hasattr(ninja_boost_metrics, name), name


def test_it_is_installed_and_typed():
    assert version("ninja-boost-metrics")
    assert files(ninja_boost_metrics).joinpath("py.typed").is_file()
