"""The plan: which relations of a model a response schema reads, worked out once for both."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP
from django.db.models.signals import post_init, pre_init
from pydantic import BaseModel

from ninja_boost_core.problems import Misconfigured
from ninja_boost_core.shapes import Shape, ShapeField, shape_of

from .hints import Queries, needs_of
from .relations import Relation, attributes, column, relation

__all__ = ["Node", "Plan", "plan"]

MOST_RELATIONS = 100
"""A schema that contains itself several times would have thousands; the nearest are planned."""


class Node:
    """Objects of one model, at one place of the response.

    Attributes:
        model: theirs.
        columns: those that are read, by attname.
        branches: the relations that are read, by attribute.
        level: how many relations lie between a row and them.
        origin: the objects from which a relation led here, and the relation that leads back.
        mirrors: whether it led back, and Django gives the objects that it came from.
        inherited: whether Django gives a child model's object what is fetched for its parent.
    """

    __slots__ = ("branches", "columns", "inherited", "level", "mirrors", "model", "origin")

    def __init__(self, model: type[Model], level: int = 0) -> None:
        self.model: type[Model] = model
        self.level: int = level
        self.origin: tuple[Node | None, Any] = (None, None)
        self.mirrors: bool = False
        self.inherited: bool = False
        self.branches: dict[str, Branch] = {}
        self.columns: set[str] = {field.attname for field in model._meta.pk_fields}
        if not _is_stock(model):
            self.take_all()

    def take_all(self) -> None:
        self.columns.update(field.attname for field in self.model._meta.concrete_fields)

    def paths(self) -> Iterator[str]:
        """Yield every relation below, with dots."""
        for name, branch in self.branches.items():
            yield name
            if branch.node is not None:
                yield from (f"{name}.{path}" for path in branch.node.paths())

    def saving(self) -> Node:
        """Return the part that saves queries for one object, where each relation costs one."""
        pruned = Node(self.model)
        pruned.mirrors, pruned.inherited = self.mirrors, self.inherited
        for name, branch in self.branches.items():
            node = branch.node
            if node is not None and not branch.relation.many:
                node = node.saving()
            if node is not None and node.branches:
                pruned.branches[name] = Branch(branch.relation, node)
        return pruned


class Branch(NamedTuple):
    """A relation that is read, and what is read of the objects behind it.

    ``node`` is None behind a generic foreign key.
    """

    relation: Relation
    node: Node | None


class Plan(NamedTuple):
    """What a schema reads of a model's objects; ``certain`` if it reads no other columns."""

    root: Node
    certain: bool


@lru_cache(maxsize=1024)
def plan(schema: type[BaseModel], model: type[Model], queries: Queries) -> Plan:
    """Return the plan for a schema and a model.

    Raises:
        ImproperlyConfigured: a hint names what is not there.
    """
    shape = shape_of(schema)
    assert shape is not None  # noqa: S101 - of a schema class there is always one
    return _Planner(queries).plan(shape, model)


class _Planner:
    """Goes through schema and model together, the nearest relations first."""

    def __init__(self, queries: Queries) -> None:
        self.depth = queries.depth
        self.hints = dict(queries.paths)
        self.number = 0
        self.certain = True
        self.waiting: deque[tuple[Node, Shape]] = deque()

    def plan(self, shape: Shape, model: type[Model]) -> Plan:
        root = Node(model)
        names = [field.name for field in shape.fields]
        for name in self.hints:
            if name not in names:
                problem = f"{shape.schema.__name__} has no field {name!r} that a hint could be for."
                raise _unknown(problem, name, names)
        self.read(root, shape, self.hints)
        while self.waiting:
            self.read(*self.waiting.popleft(), {})
        return Plan(root, self.certain)

    def read(self, node: Node, shape: Shape, hints: Mapping[str, tuple[str, ...]]) -> None:
        schema = shape.schema
        if _reads_the_object(schema):
            self.certain = False
        for field in shape.fields:
            hinted = hints.get(field.name)
            self.need(node, hinted, f"{schema.__name__}.{field.name}")
            if field.resolved:
                said = needs_of(schema, f"resolve_{field.source}")
                self.need(node, said, f"{schema.__name__}.resolve_{field.source}")
                self.certain = self.certain and not (said is None and hinted is None)
            elif _has_one_source(schema, field):
                self.follow(node, field, hinted is not None)
            else:
                self.certain = False

    def follow(self, node: Node, field: ShapeField, hinted: bool) -> None:
        """Take what a field reads that no resolver makes."""
        for number, name in enumerate(field.path, start=1):
            if name == "pk":
                return
            if (attname := column(node.model, name)) is not None:
                node.columns.add(attname)
                return
            link = relation(node.model, name)
            if link is None:
                said = needs_of(node.model, name)
                self.need(node, said, f"{node.model.__name__}.{name}")
                self.certain = self.certain and not (said is None and not hinted)
                return
            if link.many and number < len(field.path):
                # ``items.first.name`` is a query of its own, whatever was fetched before.
                node.columns.update(link.here)
                return
            reached = self.step(node, link)
            if reached is None:
                return
            node = reached
        if field.shape is None:
            self.certain = False
        else:
            self.waiting.append((node, field.shape))

    def need(self, node: Node, paths: Iterable[str] | None, where: str) -> None:
        for path in paths or ():
            self.walk(node, path.split(LOOKUP_SEP), f"{where} needs {path!r}, but ")

    def walk(self, node: Node, names: list[str], where: str) -> None:
        """Take what a hint names: one column, or else all columns of all objects on the way."""
        passed = [node]
        for number, name in enumerate(names, start=1):
            attname = column(node.model, name)
            if attname is not None and number == len(names):
                node.columns.add(attname)
                return
            link = relation(node.model, name)
            if link is None:
                problem = f"{where}{node.model.__name__} has no relation {name!r}."
                raise _unknown(problem, name, attributes(node.model))
            reached = self.step(node, link, hinted=True)
            if reached is None:
                break
            node = reached
            passed.append(node)
        for each in passed:
            each.take_all()

    def step(self, node: Node, link: Relation, *, hinted: bool = False) -> Node | None:
        """Plan a relation, and return what is behind it; None if that is not followed."""
        mirrors = _leads_back(node, link)
        if _is_inherited(node, link) or (node.mirrors and not mirrors):
            # It may be fetched already, with the columns that are read elsewhere.
            self.certain = False
        node.columns.update(link.here)
        branch = node.branches.get(link.name)
        if branch is None:
            if not hinted and (node.level >= self.depth or self.number >= MOST_RELATIONS):
                # What is fetched later may lead back to these objects, and read more of them.
                self.certain = self.certain and link.back is None and not mirrors
                return None
            self.number += 1
            branch = node.branches[link.name] = Branch(link, _behind(node, link))
        return branch.node


def _behind(node: Node, link: Relation) -> Node | None:
    """Return a new node for the objects to which a relation leads; None if it leads anywhere."""
    if link.model is None:
        return None
    behind = Node(link.model, node.level + 1)
    behind.inherited = _is_inherited(node, link)
    behind.origin = (node, link.back)
    origin, _ = node.origin
    if origin is not None and _leads_back(node, link):
        # The same objects: what is read of them here, and what led to them, is one with there.
        behind.mirrors = True
        behind.origin, behind.columns = origin.origin, origin.columns
    behind.columns.update(link.there)
    return behind


def _leads_back(node: Node, link: Relation) -> bool:
    _, back = node.origin
    return link.field is back


def _is_inherited(node: Node, link: Relation) -> bool:
    """Return whether Django gives a child model the object that its parent has, too."""
    origin, back = node.origin
    from_parent = getattr(getattr(back, "remote_field", None), "parent_link", False)
    inherited = link.field.concrete and link.field.model is not node.model
    return from_parent and inherited and origin is not None and link.name in origin.branches


def _unknown(problem: str, name: str, known: Iterable[str]) -> Misconfigured:
    names = sorted(known)
    nearest = difflib.get_close_matches(name, names, n=1)
    advice = f"Name {nearest[0]!r}" if nearest else f"Name one of {', '.join(names)}"
    return Misconfigured(problem, f"{advice}, or take the hint away.")


def _has_one_source(schema: type[BaseModel], field: ShapeField) -> bool:
    alias = schema.model_fields[field.name].validation_alias
    return alias is None or isinstance(alias, str)


def _reads_the_object(schema: type[BaseModel]) -> bool:
    """Return whether a validator of the schema gets the object itself."""
    validators = schema.__pydantic_decorators__.model_validators
    return any(
        name != "_run_root_validator" and validator.info.mode != "after"
        for name, validator in validators.items()
    )


def _is_stock(model: type[Model]) -> bool:
    """Return whether nobody reads an instance's columns when it is made."""
    return (
        model.__init__ is Model.__init__
        and model.from_db.__func__ is Model.from_db.__func__  # type: ignore[attr-defined]
        and not any(signal.has_listeners(model) for signal in (pre_init, post_init))
    )
