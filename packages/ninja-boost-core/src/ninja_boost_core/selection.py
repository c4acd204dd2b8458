"""Chooses the columns of a queryset as ``values_list`` does, without looking each up anew.

That takes Django longer than to write the SQL of it. What it made of a query that was untouched
before is the same for every other query of the model that has joined nothing yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models.query import ValuesListIterable
from django.db.models.sql import Query
from django.db.models.sql.datastructures import BaseTable

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

__all__ = ["Selection"]

_REPLACED = ("default_cols", "deferred_loading", "select", "select_related", "values_select")
_COPIED = ("annotation_select_mask", "extra_select_mask", "selected")
_JOINED = ("alias_map", "alias_refcount", "table_map")


class Selection:
    """Some columns of a model.

    Args:
        model: the model.
        names: as ``values_list`` takes them.
    """

    __slots__ = ("_made", "_names", "_replaced", "_table")

    def __init__(self, model: type[Model], names: Sequence[str]) -> None:
        self._names = tuple(names)
        untouched: Any = Query(model)
        made: Any = untouched.clone()
        made.set_values(self._names)
        self._table: str = next(iter(made.alias_map))
        self._made: Any = made
        # An attribute may be new in another Django, or gone.
        after = vars(made)
        changed = {name for name in after if after[name] != getattr(untouched, name, None)}
        known = {*_REPLACED, *_COPIED, *_JOINED}
        self._replaced: dict[str, Any] | None = None
        if changed <= known <= after.keys():
            self._replaced = {name: after[name] for name in _REPLACED}

    def __call__(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what ``queryset.values_list(*names)`` is, for one without annotations."""
        if self._replaced is None or not self._has_joined_nothing(queryset.query):
            return queryset.values_list(*self._names)
        chosen: Any = queryset._chain()  # type: ignore[attr-defined]
        chosen._fields = self._names
        chosen._iterable_class = ValuesListIterable
        query, made = chosen.query, self._made
        count = query.alias_refcount.get(self._table, 0)
        query.__dict__.update(self._replaced)
        for name in _COPIED:
            setattr(query, name, getattr(made, name).copy())
        query.alias_map = made.alias_map.copy()
        query.alias_refcount = made.alias_refcount.copy()
        query.alias_refcount[self._table] += count
        query.table_map = {table: list(aliases) for table, aliases in made.table_map.items()}
        return chosen  # type: ignore[no-any-return]

    def _has_joined_nothing(self, query: Any) -> bool:
        if type(query) is not Query:
            return False
        aliases = query.alias_map
        return not aliases or (len(aliases) == 1 and type(aliases.get(self._table)) is BaseTable)
