"""What an attribute of a model is: a column, a relation, code, or nothing that is known."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Manager, Model, QuerySet
from django.db.models.fields.related_descriptors import (
    ForwardManyToOneDescriptor,
    ManyToManyDescriptor,
    ReverseManyToOneDescriptor,
    ReverseOneToOneDescriptor,
)
from django.db.models.query_utils import DeferredAttribute

__all__ = ["Relation", "attributes", "column", "relation"]


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation as an attribute of a model leads along it.

    Attributes:
        name: the attribute, which is also what ``prefetch_related`` calls it.
        lookup: what ``select_related`` calls it.
        field: the field, or the reverse of one.
        model: where it leads; None for a generic foreign key, which leads anywhere.
        many: whether it leads to many rows.
        joinable: whether ``select_related`` gives what the attribute gives.
        here: the columns on this side by which the rows are matched.
        there: those on the other side.
    """

    name: str
    lookup: str
    field: Any
    model: type[Model] | None
    many: bool
    joinable: bool
    here: frozenset[str]
    there: frozenset[str]

    @property
    def back(self) -> Any:
        """The relation that leads back, if Django gives the object itself for it."""
        return self.field.remote_field if self.field.one_to_one or self.field.one_to_many else None

    def rows(self) -> QuerySet[Any]:
        """Return the queryset that a related manager starts from."""
        model: Any = self.model
        # Django derives the related manager from the default manager's class, without arguments.
        manager: Any = type(model._default_manager)()
        manager.model = model
        rows: QuerySet[Any] = manager.get_queryset()
        return rows


def column(model: type[Model], name: str) -> str | None:
    """Return the column that an attribute reads, by its ``attname``."""
    descriptor = inspect.getattr_static(model, name, None)
    if not isinstance(descriptor, DeferredAttribute):
        return None
    attname: str = descriptor.field.attname
    return attname


def relation(model: type[Model], name: str) -> Relation | None:
    """Return the relation behind an attribute; None for what is none, or not one of Django's.

    The link of a child model to its parent is left out: Django makes the parent of the child's
    own columns.
    """
    descriptor: Any = inspect.getattr_static(model, name, None)
    generic: Any = getattr(descriptor, "field", descriptor)
    if hasattr(generic, "ct_field") and hasattr(generic, "fk_field"):
        kind = model._meta.get_field(generic.ct_field)
        here = frozenset((_attname(kind), str(generic.fk_field)))
        return Relation(name, name, generic, None, False, False, here, frozenset())
    if isinstance(descriptor, ForwardManyToOneDescriptor):
        field: Any = descriptor.field
        if field.remote_field.parent_link:
            return None
        joins = _is_stock(field.related_model._base_manager)
        here, there = _attnames(field.local_related_fields), _attnames(field.foreign_related_fields)
        return Relation(name, field.name, field, field.related_model, False, joins, here, there)
    if isinstance(descriptor, ReverseOneToOneDescriptor):
        reverse: Any = descriptor.related
        own, target = reverse.field, reverse.related_model
        # A child model inherits the attributes of its parent, but not all that can be joined.
        joins = _is_stock(target._base_manager) and reverse in model._meta.related_objects
        here, there = _attnames(own.foreign_related_fields), _attnames(own.local_related_fields)
        lookup = own.related_query_name()
        return Relation(name, lookup, reverse, target, False, joins, here, there)
    if isinstance(descriptor, ReverseManyToOneDescriptor):
        return _many(name, descriptor)
    return None


def _many(name: str, descriptor: Any) -> Relation:
    field: Any = descriptor.rel
    if isinstance(descriptor, ManyToManyDescriptor):
        own = descriptor.field
        here = _attnames([own.model._meta.get_field(own.m2m_target_field_name())])
        target = own.related_model._meta.get_field(own.m2m_reverse_target_field_name())
        there = _attnames([target])
        if descriptor.reverse:
            here, there = there, here
        else:
            field = own
    elif hasattr(descriptor.rel.field, "object_id_field_name"):
        field = descriptor.rel.field
        kind = field.related_model._meta.get_field(field.content_type_field_name)
        here, there = frozenset(), frozenset((field.object_id_field_name, _attname(kind)))
    else:
        own = descriptor.rel.field
        here, there = _attnames(own.foreign_related_fields), _attnames(own.local_related_fields)
    return Relation(name, name, field, field.related_model, True, False, here, there)


def attributes(model: type[Model]) -> Iterator[str]:
    """Yield the names of a model's columns and relations."""
    for name in dir(model):
        if not name.startswith("_") and (column(model, name) or relation(model, name)):
            yield name


def _is_stock(manager: Any) -> bool:
    # A base manager of the project's own may leave rows out; a join would not.
    return type(manager) is Manager


def _attnames(fields: Iterable[Any]) -> frozenset[str]:
    return frozenset(_attname(field) for field in fields)


def _attname(field: Any) -> str:
    attname: str = field.attname
    return attname
