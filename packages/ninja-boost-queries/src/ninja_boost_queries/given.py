"""What a queryset has already, and what may be done to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from django.db import router
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import RawSQL
from django.db.models.query import ModelIterable
from django.db.models.sql.where import ExtraWhere

__all__ = ["Given", "is_open"]


def is_open(queryset: Any) -> bool:
    """Return whether the rows are model instances that are not fetched yet."""
    return (
        queryset._iterable_class is ModelIterable
        and queryset._result_cache is None
        and not queryset.query.combinator
    )


@dataclass(frozen=True, slots=True)
class Given:
    """What the view, or a manager, has made of a queryset.

    Attributes:
        joins: whether a join changes nothing but the columns.
        defers: whether columns may be deferred.
        hidden: the columns that are, by attname.
        changed: the fields of which something is.
        prefetched: what ``prefetch_related`` was given, as paths.
        passed: these, and what they lead through.
        loaded: the relations whose objects Django has at hand, as those of a related manager.
        order: by what the rows are ordered.
    """

    joins: bool = False
    defers: bool = False
    hidden: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    prefetched: frozenset[str] = frozenset()
    passed: frozenset[str] = frozenset()
    loaded: Mapping[Any, Any] = field(default_factory=dict)
    order: Sequence[Any] = ()

    @classmethod
    def of(cls, queryset: Any) -> Given:
        query = queryset.query
        names, all_others = query.deferred_loading
        grouped = query.distinct or query.group_by is not None
        prefetched = frozenset(
            getattr(lookup, "prefetch_to", lookup) for lookup in queryset._prefetch_related_lookups
        )
        return cls(
            joins=(
                all_others
                and not grouped
                and query.select_related is not True
                # A lock would hold the joined rows too; PostgreSQL refuses it on outer joins.
                and not query.select_for_update
                # The object may be in another database.
                and not router.routers
                and not _has_raw_sql(query)
            ),
            defers=all_others and not (names or prefetched or query.select_related is not False),
            hidden=_hidden(query.get_meta(), names, all_others) if names else frozenset(),
            changed=frozenset(name.partition(LOOKUP_SEP)[0] for name in names),
            prefetched=prefetched,
            passed=frozenset(part for path in prefetched for part in _parts(path)),
            loaded=queryset._known_related_objects,
            order=query.order_by or query.get_meta().ordering,
        )


def _hidden(meta: Any, names: Set[str], all_others: bool) -> frozenset[str]:
    """Return the columns that a queryset defers; ``names`` are those, or all but those.

    A foreign key in the primary key is one of them: when Django fetches what was deferred, it
    forgets that key's object.
    """
    named = names if all_others else {name.partition(LOOKUP_SEP)[0] for name in names}
    return frozenset(
        each.attname
        for each in meta.concrete_fields
        if (
            each.is_relation
            if each in meta.pk_fields
            else (each.name in named or each.attname in named) is all_others
        )
    )


def _parts(path: str) -> list[str]:
    names = path.split(LOOKUP_SEP)
    return [LOOKUP_SEP.join(names[:number]) for number in range(1, len(names) + 1)]


def _has_raw_sql(query: Any) -> bool:
    """Return whether SQL of the project's own may name columns that a join makes ambiguous."""
    if query.extra or query.extra_tables or query.extra_order_by:
        return True
    parts: list[Any] = [*query.annotations.values(), *query.order_by, *query.where.children]
    while parts:
        part = parts.pop()
        if isinstance(part, RawSQL | ExtraWhere):
            return True
        inner: Sequence[Any] | None = getattr(part, "children", None)
        if inner is None and hasattr(part, "get_source_expressions"):
            inner = part.get_source_expressions()
        parts += inner or ()
    return False
