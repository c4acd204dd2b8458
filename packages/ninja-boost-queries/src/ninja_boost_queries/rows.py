"""Puts a plan on a queryset, next to what the view has put on it already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, router
from django.db.models import Model, Prefetch, QuerySet
from django.db.models.constants import LOOKUP_SEP

from .given import Given, is_open
from .plan import Node, Plan
from .relations import Relation

__all__ = ["lookups", "planned"]

MOST_JOINS = 20
"""SQLite and MariaDB join about sixty tables; a relation beyond this has a query of its own."""


def planned(plan: Plan, queryset: QuerySet[Any], *, only: bool) -> QuerySet[Any]:
    """Return the queryset with the plan on it, or itself where there is nothing to put.

    Args:
        only: whether columns that nobody reads are deferred.
    """
    return _put(plan.root, queryset, only and plan.certain, queryset.db)


def lookups(plan: Plan, instance: Model, *, only: bool) -> list[str | Prefetch[Any]]:
    """Return what ``prefetch_related_objects`` takes for an instance."""
    database = instance._state.db or DEFAULT_DB_ALIAS
    additions = _Additions(Given(), database, only and plan.certain)
    additions.visit(plan.root.saving(), "", None)
    return additions.lookups


def _put(node: Node, queryset: QuerySet[Any], only: bool, database: str) -> QuerySet[Any]:
    if not (node.branches or only) or not is_open(queryset):
        return queryset
    given = Given.of(queryset)
    additions = _Additions(given, database, only)
    additions.visit(node, "", "" if given.joins else None)
    if additions.joins:
        queryset = queryset.select_related(*additions.joins)
    if additions.lookups:
        queryset = queryset.prefetch_related(*additions.lookups)
    columns = additions.columns(node) if only and given.defers else None
    return queryset if columns is None else queryset.only(*columns)


class _Additions:
    """What one queryset gets.

    ``select_related`` where that changes nothing but the columns; else a prefetch, for a relation
    to one object too.
    """

    def __init__(self, given: Given, database: str, only: bool) -> None:
        self.given = given
        self.database = database
        self.only = only
        self.joins: dict[str, Node] = {}
        self.lookups: list[str | Prefetch[Any]] = []

    def visit(self, node: Node, path: str, joins: str | None, *, bare: bool = False) -> None:
        """Add what the relations of a node need.

        Args:
            node: the plan of the objects at ``path``.
            path: leads to them, by attributes.
            joins: the same as ``select_related`` calls it; None where nothing can be joined.
            bare: whether a lookup may have no queryset, because the view fetches these objects.
        """
        for relation, reached in node.branches.values():
            here = path + relation.name
            inside = bare or here in self.given.prefetched
            below: str | None = None
            if not path and relation.here & self.given.hidden:
                continue  # to find them would cost a query for each row
            if reached is None:
                if self._finds_anything() and here not in self.given.prefetched:
                    self.lookups.append(here)
                continue
            if not path and relation.field in self.given.loaded:
                pass
            elif relation.many and not inside and here not in self.given.passed:
                self.lookups.append(self._prefetch(relation, reached, here))
                continue
            elif joins is not None and not inside and self._can_join(relation, path):
                self.joins[f"{joins}{relation.lookup}"] = reached
                below = f"{joins}{relation.lookup}{LOOKUP_SEP}"
            else:
                inside = inside or relation.many
                if here not in self.given.prefetched:
                    self.lookups.append(here)
            self.visit(reached, f"{here}{LOOKUP_SEP}", below, bare=inside)

    def _can_join(self, relation: Relation, path: str) -> bool:
        # A child is made of the columns that were read of its parent, and so would lack some.
        is_partial = bool(self.only or self.given.changed)
        return (
            relation.joinable
            and len(self.joins) < MOST_JOINS
            and not (is_partial and getattr(relation.field, "parent_link", False))
            and bool(path or relation.lookup not in self.given.changed)
        )

    def _finds_anything(self) -> bool:
        # Django looks for what a generic foreign key names where the model is read by default.
        return self.database == DEFAULT_DB_ALIAS and not router.routers

    def _prefetch(self, relation: Relation, node: Node, here: str) -> str | Prefetch[Any]:
        if not (node.branches or self.only):
            return here
        return Prefetch(here, _put(node, relation.rows(), self.only, self.database))

    def columns(self, root: Node) -> list[str] | None:
        """Return the columns that are read of the rows; None if that is all of them."""
        names: list[str] = []
        fewer = False
        for path, node in {"": root, **self.joins}.items():
            known = [field.attname for field in node.model._meta.concrete_fields]
            read = [name for name in known if name in node.columns]
            fewer = fewer or len(read) < len(known)
            names += [f"{path}{LOOKUP_SEP}{name}" if path else name for name in read]
        if not fewer:
            return None
        return [*names, *self._of_the_order(root.model), *self._of_loaded()]

    def _of_the_order(self, model: type[Model]) -> Iterator[str]:
        """What a cursor is made of."""
        fields = {field.name for field in model._meta.concrete_fields}
        for key in self.given.order:
            if isinstance(key, str) and key.lstrip("-+") in fields:
                yield key.lstrip("-+")

    def _of_loaded(self) -> Iterator[str]:
        """What tells Django which of the objects at hand a row belongs to."""
        return (part.attname for field in self.given.loaded for part in field.local_related_fields)
