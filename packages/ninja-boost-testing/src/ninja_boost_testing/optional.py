"""Packages that may not be there, and are looked for when they are used."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["MissingPackage", "loaded", "optional_attribute"]


class MissingPackage(ImportError):
    """Its text is the command that installs what is missing."""


def optional_attribute(extra: str, name: str) -> Any:
    """Return the public name of a package that is an extra of this one.

    Args:
        extra: the extra; ``"services"`` stands for ``ninja_boost_services``.
        name: what is wanted of it.

    Raises:
        MissingPackage: the package is not installed.
        AttributeError: it has no such name.
    """
    package = f"ninja_boost_{extra}"
    try:
        module = import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise MissingPackage(
            f"{name} needs ninja-boost-{extra}: pip install 'ninja-boost-testing[{extra}]'"
        ) from error
    return getattr(module, name)


def loaded(module: str) -> ModuleType | None:
    """Return a module if somebody has imported it: what nobody has imported has no state."""
    return sys.modules.get(module)
