"""The OpenAPI document of an older version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ninja.openapi.schema import REF_TEMPLATE
from ninja.schema import NinjaGenerateJsonSchema
from pydantic import BaseModel

from ninja_boost_core.openapi import WrittenJsonSchema

__all__ = ["as_of", "deprecate"]

_PREFIX = REF_TEMPLATE.format(model="")
_Schema = dict[str, Any]


def as_of(
    document: _Schema,
    replaced: Mapping[type[BaseModel], type[BaseModel]],
    extra: Mapping[str, Any],
) -> None:
    """Replace the component of each newer schema by what it was, under its name.

    Components that nothing names any more go, unless the API's ``openapi_extra`` brought them.
    """
    components: _Schema = document.get("components", {}).get("schemas", {})
    if not replaced or not components:
        return
    heads: dict[str, type[BaseModel]] = {}
    done: set[str] = set()
    while waiting := [name for name in components if name not in done]:
        # All that is replaced is known first: older schemas refer to each other by these names.
        done.update(waiting)
        found = {name: _head(components[name], replaced) for name in waiting}
        heads.update({name: newer for name, newer in found.items() if newer is not None})
        read = _reachable(_references(_request_bodies(document)), components)
        for name, newer in found.items():
            if newer is not None:
                older, mode = replaced[newer], "validation" if name in read else "serialization"
                components[name] = _older_component(name, newer, older, mode, components, heads)
    kept = {*_references({**document, "components": {}}), *_schemas_of(extra)}
    reachable = _reachable(kept, components)
    for name in [name for name in components if name not in reachable]:
        del components[name]


def deprecate(document: _Schema, is_deprecated: Callable[[str], bool]) -> None:
    """Mark the operations at each path of which ``is_deprecated`` says so."""
    for path, item in document.get("paths", {}).items():
        if is_deprecated(path):
            for operation in _operations(item):
                operation["deprecated"] = True


def _operations(item: _Schema) -> list[_Schema]:
    return [operation for operation in item.values() if isinstance(operation, dict)]


def _request_bodies(document: _Schema) -> list[Any]:
    items = document.get("paths", {}).values()
    return [each.get("requestBody") for item in items for each in _operations(item)]


def _reachable(names: Iterable[str], components: _Schema) -> set[str]:
    reachable: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        if name in components and name not in reachable:
            reachable.add(name)
            waiting |= _references(components[name])
    return reachable


def _schemas_of(extra: Mapping[str, Any]) -> set[str]:
    return set(extra.get("components", {}).get("schemas", {}))


def _json_schema(model: type[BaseModel], mode: Any, *, by_alias: bool) -> _Schema:
    return model.model_json_schema(
        ref_template=REF_TEMPLATE,
        by_alias=by_alias,
        schema_generator=WrittenJsonSchema if mode == "serialization" else NinjaGenerateJsonSchema,
        mode=mode,
    )


def _head(component: _Schema, newer: Iterable[type[BaseModel]]) -> type[BaseModel] | None:
    return next((model for model in newer if _is(component, model)), None)


def _is(component: _Schema, model: type[BaseModel]) -> bool:
    """Return whether a component is that of ``model``, as it is read or as it is written."""
    title = model.model_config.get("title") or model.__name__
    if component.get("title") != title:
        return False
    known = [
        _definition(_json_schema(model, mode, by_alias=by_alias))
        for mode in ("validation", "serialization")
        for by_alias in (True, False)
    ]
    return any(
        component.get("properties", {}).keys() == each["properties"].keys() for each in known
    )


def _definition(schema: _Schema) -> _Schema:
    # Of a schema that contains itself, pydantic gives a reference, which older releases wrap.
    if "properties" not in schema:
        for name in _references({**schema, "$defs": {}}):
            schema = schema["$defs"][name]
    return {"properties": {}, **schema}


def _older_component(
    name: str,
    newer: type[BaseModel],
    older: type[BaseModel],
    mode: str,
    components: _Schema,
    heads: Mapping[str, type[BaseModel]],
) -> _Schema:
    schema = _json_schema(older, mode, by_alias=mode == "validation")
    definitions = schema.get("$defs", {})
    definition = _definition(schema)
    definition.pop("$defs", None)
    renamed = {older.__name__: name}
    for own, found in definitions.items():
        known = components.get(own, found) == found or (own in heads and _is(found, heads[own]))
        if own not in renamed and not known:
            renamed[own] = f"{older.__name__}_{own}"
    for own, found in definitions.items():
        if own != older.__name__:
            components.setdefault(renamed.get(own, own), _with_names(found, renamed))
    definition["title"] = newer.model_config.get("title") or newer.__name__
    return dict(_with_names(definition, renamed))


def _with_names(value: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_with_names(item, renamed) for item in value]
    if isinstance(value, dict):
        changed = {key: _with_names(item, renamed) for key, item in value.items()}
        reference = changed.get("$ref")
        if isinstance(reference, str):
            own = reference.removeprefix(_PREFIX)
            changed["$ref"] = _PREFIX + renamed.get(own, own)
        return changed
    return value


def _references(value: Any) -> set[str]:
    if isinstance(value, list | tuple):
        return {name for item in value for name in _references(item)}
    if isinstance(value, Mapping):
        found = {name for item in value.values() for name in _references(item)}
        reference = value.get("$ref")
        return found | {reference.removeprefix(_PREFIX)} if isinstance(reference, str) else found
    return set()
