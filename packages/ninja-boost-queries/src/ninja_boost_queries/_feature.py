"""What core finds through the entry point ``ninja_boost.features``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from ninja_boost_core import Feature, Hook, OperationSpec

__all__ = ["feature"]


class QueriesFeature(Feature):
    """Claims ``queries=``: True, False or a `Queries`.

    Given to an AutoRouter it holds for each of its operations that gives none itself. Without it
    no queryset is planned.
    """

    name: ClassVar[str] = "queries"
    distribution: ClassVar[str] = "ninja-boost-queries"
    options: ClassVar[frozenset[str]] = frozenset({"queries"})

    def hooks(self, spec: OperationSpec) -> Iterable[Hook]:
        option = spec.options.get("queries")
        if option is None or option is False:
            return ()
        from ._hook import QueriesHook
        from .hints import Queries

        if option is True:
            option = Queries()
        if not isinstance(option, Queries):
            raise TypeError(
                f"{'/'.join(spec.methods)} {spec.path}: queries is {option!r}; give True, False, "
                "or Queries(...)."
            )
        if any(isinstance(hook, QueriesHook) for hook in spec.attached):
            return ()
        return (QueriesHook(option),)


feature = QueriesFeature()
