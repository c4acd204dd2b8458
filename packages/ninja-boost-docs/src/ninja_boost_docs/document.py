"""The OpenAPI document as the settings and the reader want it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ninja import NinjaAPI

from ninja_boost_core.conf import boost_settings

from .settings import DocsSettings

__all__ = ["adjusted"]

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


def adjusted(api: NinjaAPI, path_params: dict[str, Any], *, see_all: bool) -> dict[str, Any]:
    """Return the document of ``api``.

    Args:
        path_params: values of the parameters in the API's own path.
        see_all: whether the reader may see what INTERNAL_TAGS hides.
    """
    options = boost_settings.section(DocsSettings).DOCS
    schema = api.get_openapi_schema(path_params=path_params)
    document = dict(schema)
    document["info"] = dict(document["info"])
    for key, value in (
        ("title", options.TITLE),
        ("description", options.DESCRIPTION),
        ("version", options.VERSION),
    ):
        if value is not None:
            document["info"][key] = value
    if options.SERVERS:
        document["servers"] = list(options.SERVERS)
    components = dict(document.get("components", {}))
    for kind, found in api.openapi_extra.get("components", {}).items():
        components[kind] = {**components.get(kind, {}), **found}
    document["components"] = components
    if options.INTERNAL_TAGS and not see_all:
        document["paths"] = _without(document["paths"], options.INTERNAL_TAGS)
        document["components"] = _used(document)
    return document


def _without(paths: dict[str, Any], tags: Iterable[str]) -> dict[str, Any]:
    hidden = set(tags)
    left: dict[str, Any] = {}
    for path, item in paths.items():
        shown = {
            key: value
            for key, value in item.items()
            if key not in _METHODS or hidden.isdisjoint(value.get("tags", ()))
        }
        if _METHODS.intersection(shown):
            left[path] = shown
    return left


def _used(document: dict[str, Any]) -> dict[str, Any]:
    """Return the components without schemas that only hidden operations use."""
    components = dict(document.get("components", {}))
    schemas = components.get("schemas", {})
    found: set[str] = set()
    waiting: list[Any] = [document["paths"]]
    while waiting:
        for name in _references(waiting.pop()):
            if name not in found and name in schemas:
                found.add(name)
                waiting.append(schemas[name])
    components["schemas"] = {name: schemas[name] for name in schemas if name in found}
    return components


def _references(value: Any) -> Iterable[str]:
    prefix = "#/components/schemas/"
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(prefix):
            yield reference.removeprefix(prefix)
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
