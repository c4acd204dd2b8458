"""What holds for every package."""

import os
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files

import ninja_boost_permissions


def test_public_names_exist():
    for name in ninja_boost_permissions.__all__:
        assert hasattr(ninja_boost_permissions, name), name


def test_it_is_installed_and_typed():
    assert version("ninja-boost-permissions")
    assert files(ninja_boost_permissions).joinpath("py.typed").is_file()


def test_permissions_can_be_written_before_there_are_settings():
    code = "from ninja_boost_permissions import BasePermission; ~type('P', (BasePermission,), {})"
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=60)
