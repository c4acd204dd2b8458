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
    only = only and plan.certain
    if not (plan.root.branches or only) or not is_open(queryset):
        return queryset
    additions = _Additions(Given.of(queryset), queryset.db, only)
    additions.visit(plan.root, "", additions.start)
    additions.visit_mirrors()
    return additions.put_on(queryset, plan.root)


def lookups(plan: Plan, instance: Model, *, only: bool) -> list[str | Prefetch[Any]]:
    """Return what ``prefetch_related_objects`` takes for an instance."""
    database = instance._state.db or DEFAULT_DB_ALIAS
    additions = _Additions(Given(), database, only and plan.certain)
    additions.visit(plan.root.saving(), "", None)
    additions.visit_mirrors()
    return additions.lookups


class _Additions:
    """What one queryset gets.

    ``select_related`` where that changes nothing but the columns; else a prefetch, for a relation
    to one object too.

    Attributes:
        prefix: leads from the outermost queryset's rows to these, by attributes.
        start: where joins begin; None where nothing can be joined.
        mirrors: paths from the outermost rows to objects that relations lead back to, which all
            querysets share.
    """

    def __init__(self, given: Given, database: str, only: bool) -> None:
        self.given = given
        self.database = database
        self.only = only
        self.prefix = ""
        self.start = "" if given.joins else None
        self.joins: dict[str, Node] = {}
        self.lookups: list[str | Prefetch[Any]] = []
        self.mirrors: list[tuple[str, Node]] = []

    def visit(self, node: Node, path: str, joins: str | None, *, bare: bool = False) -> None:
        """Add what the relations of a node need.

        Args:
            node: the plan of the objects at ``path``.
            path: leads to them, by attributes.
            joins: the same as ``select_related`` calls it; None where nothing can be joined.
            bare: whether a lookup may have no queryset, because others fetch these objects.
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
            if reached.mirrors:
                self.mirrors.append((f"{self.prefix}{here}{LOOKUP_SEP}", reached))
                continue
            can_join = joins is not None and not inside and self._can_join(relation, path)
            if reached.inherited and not self._gains(reached, here, can_join):
                continue
            if not path and relation.field in self.given.loaded:
                pass
            elif relation.many and not inside and here not in self.given.passed:
                self.lookups.append(self._prefetch(relation, reached, here))
                continue
            elif can_join:
                self.joins[f"{joins}{relation.lookup}"] = reached
                below = f"{joins}{relation.lookup}{LOOKUP_SEP}"
            else:
                inside = inside or relation.many
                if here not in self.given.prefetched:
                    self.lookups.append(here)
            self.visit(reached, f"{here}{LOOKUP_SEP}", below, bare=inside)

    def visit_mirrors(self) -> None:
        """Add what is read of objects to which relations lead back.

        They are known only once all others are fetched, and then perhaps have it.
        """
        for path, node in self.mirrors:
            self.visit(node, path, None, bare=True)

    def _prefetch(self, relation: Relation, node: Node, here: str) -> str | Prefetch[Any]:
        if not (node.branches or self.only):
            return here
        rows = relation.rows()
        if not is_open(rows):
            return here
        inner = _Additions(Given.of(rows), self.database, self.only)
        inner.prefix = f"{self.prefix}{here}{LOOKUP_SEP}"
        inner.mirrors = self.mirrors
        inner.visit(node, "", inner.start)
        planned = inner.put_on(rows, node)
        return here if planned is rows else Prefetch(here, planned)

    def put_on(self, queryset: QuerySet[Any], node: Node) -> QuerySet[Any]:
        """Return the queryset with all of it; the node is the plan for its rows."""
        if self.joins:
            queryset = queryset.select_related(*self.joins)
        if self.lookups:
            queryset = queryset.prefetch_related(*self.lookups)
        columns = self.columns(node) if self.only and self.given.defers else None
        return queryset if columns is None else queryset.only(*columns)

    def _gains(self, inherited: Node, path: str, can_join: bool) -> bool:
        """Return whether to fetch for a child what its parent has costs no more than it saves."""
        return path in self.given.passed or (can_join and bool(inherited.branches))

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
