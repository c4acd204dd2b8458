"""The command ninja-boost: new projects and apps."""

from ninja_boost_cli import (
    Choice,
    Plan,
    Refused,
    choose,
    config_block,
    main,
    start_app,
    start_project,
)

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
