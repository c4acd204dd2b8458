"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from ninja_boost_core import Feature, Hook, OperationSpec

__all__ = ["feature"]


class PermissionsFeature(Feature):
    """Claims ``permissions=``: what ``require`` takes, or a list of it.

    Given to an AutoRouter it holds for each of its operations that gives none itself.
    """

    name: ClassVar[str] = "permissions"
    distribution: ClassVar[str] = "ninja-boost-permissions"
    options: ClassVar[frozenset[str]] = frozenset({"permissions"})
    guards: ClassVar[bool] = True

    def hooks(self, spec: OperationSpec) -> Iterable[Hook]:
        option = spec.options.get("permissions")
        if option is None:
            return ()
        from .decorators import joined
        from .hooks import hook_for

        required = tuple(option) if isinstance(option, list | tuple) else (option,)
        try:
            return (hook_for(joined(required)).at(spec.view),)
        except TypeError as error:
            raise TypeError(
                f"{'/'.join(spec.methods)} {spec.path}: permissions=: {error}"
            ) from error


feature = PermissionsFeature()
