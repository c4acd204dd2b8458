"""The ``ninja-boost`` command: new Django Ninja projects and apps.

It knows the other packages by name only, and needs no configured Django settings, nor Django.
"""

from .apps import start_app
from .command import main
from .options import Choice, choose
from .plan import Plan, Refused
from .projects import config_block, start_project

__all__ = [
    "Choice",
    "Plan",
    "Refused",
    "choose",
    "config_block",
    "main",
    "start_app",
    "start_project",
]
