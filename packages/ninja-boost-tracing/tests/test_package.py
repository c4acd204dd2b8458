"""What holds for every package."""

import os
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files

import ninja_boost_tracing


def test_public_names_exist():
    for name in ninja_boost_tracing.__all__:
        assert hasattr(ninja_boost_tracing, name), name


def test_it_is_installed_and_typed():
    assert version("ninja-boost-tracing")
    assert files(ninja_boost_tracing).joinpath("py.typed").is_file()


def test_it_is_imported_before_there_are_settings():
    bare = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-c", "import ninja_boost_tracing"]
    subprocess.run(command, env=bare, check=True)
