"""Walks data along their annotation, and converts what changed between versions.

A response is walked from the newest version down, a request body from the client's version up; at
each version step the schemas that changed in it are converted, wherever they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from django.core.exceptions import ImproperlyConfigured
from ninja.errors import ValidationError
from pydantic import BaseModel, RootModel
from pydantic import ValidationError as PydanticValidationError

from .changes import Fields, Lineage

__all__ = ["Converter", "request_converter", "response_converter"]

Path = tuple[str | int, ...]
Converter = Callable[[Any, Path], Any]
"""Converts JSON data; the path says where it stands in the body, for validation errors."""


def response_converter(
    lineage: Lineage, annotation: Any, version: str, dump: Mapping[str, Any]
) -> Converter | None:
    """Return what makes a response of the newest shape one of ``version``.

    None if there is nothing to do. ``dump`` goes to ``model_dump``.

    Raises:
        ImproperlyConfigured: for a shape in which a change cannot be followed.
    """
    steps = reversed(lineage.after(version))
    return _chain(
        [_Step(lineage, step, version, "downgrade", dump).compile(annotation) for step in steps]
    )


def request_converter(lineage: Lineage, annotation: Any, version: str) -> Converter | None:
    """Return what makes a request body of ``version`` one of the newest shape.

    It raises Ninja's ValidationError, in the words of the older schema.

    Raises:
        ImproperlyConfigured: as for responses.
    """
    steps = lineage.after(version)
    return _chain(
        [_Step(lineage, step, version, "upgrade", {}).compile(annotation) for step in steps]
    )


def _chain(steps: list[Converter | None]) -> Converter | None:
    found = [step for step in steps if step is not None]
    if not found:
        return None

    def convert(data: Any, path: Path) -> Any:
        for step in found:
            data = step(data, path)
        return data

    return convert


class _Step:
    """One version step in one direction, for one operation.

    Args:
        version: the version whose changes are made or undone.
        target: the client's version.
        way: the function of the changes that is needed.
        dump: arguments of ``model_dump``.
    """

    def __init__(
        self, lineage: Lineage, version: str, target: str, way: str, dump: Mapping[str, Any]
    ) -> None:
        self.lineage = lineage
        self.version = version
        self.target = target
        self.way = way
        self.dump = dump
        self.nodes: dict[type[BaseModel], _Node] = {}

    def compile(self, annotation: Any) -> Converter | None:
        if not self._concerns(annotation):
            return None
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self.compile(arguments[0])
        if isinstance(annotation, type) and origin is None:
            return self._model(annotation)
        if origin in (Union, UnionType):
            members = [argument for argument in arguments if argument is not NoneType]
            if len(members) == 1:
                return self.compile(members[0])
        elif isinstance(origin, type) and issubclass(origin, Mapping):
            return _each_value(self.compile(arguments[1]))
        elif isinstance(origin, type) and issubclass(origin, Iterable):
            members = [argument for argument in arguments if argument is not Ellipsis]
            if len(members) == 1:
                return _each_item(self.compile(members[0]))
        elif hasattr(annotation, "__value__"):
            return self.compile(annotation.__value__)
        raise ImproperlyConfigured(
            f"{annotation} contains a schema that version {self.version} changed, and the data do "
            "not tell where: use one schema, or change the one that contains it."
        )

    def _concerns(self, annotation: Any) -> bool:
        models = self.lineage.models(annotation, self.version)
        return any(self.lineage.change_at(model, self.version) for model in models)

    def _model(self, annotation: type[BaseModel]) -> Converter:
        model = self.lineage.at(annotation, self.version)
        known = self.nodes.get(model)
        if known is not None:
            return known
        node = self.nodes[model] = _Node(self, model)
        for name, field in model.model_fields.items():
            convert = self.compile(field.annotation)
            if convert is not None:
                aliases = {name, field.alias, field.serialization_alias, field.validation_alias}
                keys = [alias for alias in aliases if isinstance(alias, str)]
                node.children += [(key, convert) for key in keys]
        if issubclass(model, RootModel) and node.change is None:
            return node.children[0][1]
        return node


class _Node:
    """Converts the objects of one schema: what they contain, and themselves."""

    def __init__(self, step: _Step, model: type[BaseModel]) -> None:
        self.children: list[tuple[str, Converter]] = []
        self.upward = step.way == "upgrade"
        self.dump = step.dump
        self.change = change = step.lineage.change_at(model, step.version)
        self.own: Callable[[Fields], Fields] | None = None
        # What the client itself wrote; a shape in between is the work of another ``upgrade``.
        self.sent = change is not None and step.lineage.at(model, step.target) is change.older
        if change is not None:
            self.own = getattr(change, step.way)
            if self.own is None:
                raise ImproperlyConfigured(
                    f"The change of {change.newer.__name__} in version {change.version} needs "
                    f"{step.way}=, because a {'request' if self.upward else 'response'} has it."
                )

    def __call__(self, data: Any, path: Path) -> Any:
        if not isinstance(data, dict):
            return data
        data = dict(data)
        if self.upward:
            return self._inside(self._upgraded(data, path), path)
        return self._downgraded(self._inside(data, path))

    def _inside(self, data: Fields, path: Path) -> Fields:
        for key, convert in self.children:
            if key in data:
                data[key] = convert(data[key], (*path, key))
        return data

    def _upgraded(self, data: Fields, path: Path) -> Fields:
        if self.own is None or self.change is None:
            return data
        if self.sent:
            try:
                self.change.older.model_validate(data)
            except PydanticValidationError as error:
                raise ValidationError(
                    [
                        {"type": item["type"], "loc": (*path, *item["loc"]), "msg": item["msg"]}
                        for item in error.errors(include_url=False)
                    ]
                ) from error
        return dict(self.own(data))

    def _downgraded(self, data: Fields) -> Fields:
        if self.own is None or self.change is None:
            return data
        older = self.change.older.model_validate(self.own(data))
        return older.model_dump(mode="json", **self.dump)


def _each_item(convert: Converter | None) -> Converter | None:
    if convert is None:
        return None

    def items(data: Any, path: Path) -> Any:
        if not isinstance(data, list):
            return data
        return [convert(item, (*path, index)) for index, item in enumerate(data)]

    return items


def _each_value(convert: Converter | None) -> Converter | None:
    if convert is None:
        return None

    def values(data: Any, path: Path) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: convert(value, (*path, key)) for key, value in data.items()}

    return values
