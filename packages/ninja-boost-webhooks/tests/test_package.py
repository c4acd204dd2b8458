"""What holds for every package."""

import os
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files

import ninja_boost_webhooks


def test_public_names_exist():
    for name in ninja_boost_webhooks.__all__:
        assert hasattr(ninja_boost_webhooks, name), name


def test_it_is_installed_and_typed():
    assert version("ninja-boost-webhooks")
    assert files(ninja_boost_webhooks).joinpath("py.typed").is_file()


def test_importing_it_needs_no_settings():
    code = (
        "import ninja_boost_webhooks as w; "
        "assert w.sign_stripe(b'x', 's', timestamp=1); assert 'stripe_webhook' in dir(w)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
