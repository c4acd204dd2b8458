"""The settings of Ninja's test project, with ours for an API that answers as Ninja's does."""

from demo.settings import *  # noqa: F403

NINJA_BOOST = {"AUTH": None, "RESPONSE_WRAPPER": None, "ERRORS": "ninja"}
