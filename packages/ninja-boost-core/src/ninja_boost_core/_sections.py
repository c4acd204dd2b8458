"""Typed sections of the settings, and the values that are dotted paths."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, get_args

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, PrivateAttr
from pydantic.fields import FieldInfo

SETTING = "NINJA_BOOST"

# The umbrella's dotted paths that name something of core's. They work without the umbrella,
# as do those that features add.
dotted_aliases: dict[str, str] = {
    "ninja_boost.dependencies.inject_context": "ninja_boost_core.dependencies.inject_context",
    "ninja_boost.async_support.async_inject_context": (
        "ninja_boost_core.dependencies.inject_context"
    ),
    "ninja_boost.integrations.BearerTokenAuth": "ninja_boost_core.security.BearerTokenAuth",
    "ninja_boost.responses.wrap_response": "ninja_boost_core.responses.wrap_response",
}

_DOTTED_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


class DottedPath(str):
    """A validated dotted path that has not been imported yet."""

    __slots__ = ()


def _object_or_path(value: object) -> object:
    if isinstance(value, str):
        if _DOTTED_PATH.fullmatch(value) is None:
            raise ValueError("a dotted path such as 'package.module.name', or the object itself")
        return DottedPath(value)
    if value is None or isinstance(value, int | float | bytes | list | tuple | dict | set):
        raise ValueError("a dotted path or the object itself")
    return value


# A setting that takes a dotted path or the object it names. Write `ObjectOrPath | None` where
# None has a meaning, `list[ObjectOrPath]` for several; `SettingsSection.resolve` imports them.
ObjectOrPath = Annotated[Any, BeforeValidator(_object_or_path)]


class SettingsSection(BaseModel):
    """The base of every typed section, top-level or nested.

    The fields of a top-level section are keys of `NINJA_BOOST` itself; a nested dictionary is a
    field whose type is another section. A `validation_alias` gives a field other spellings.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    _key_path: str = PrivateAttr("")
    _resolved: dict[str, Any] = PrivateAttr(default_factory=dict)

    def resolve(self, name: str) -> Any:
        """The value of field `name` with its dotted paths imported, once per instance.

        Raises ImproperlyConfigured, naming the key and the path, if an import fails.
        """
        try:
            return self._resolved[name]
        except KeyError:
            value = _import_paths(getattr(self, name), join(self._key_path, name))
            self._resolved[name] = value
            return value


def installed(package: str) -> bool:
    return package in sys.modules or importlib.util.find_spec(package) is not None


def import_path(path: str) -> Any:
    """Import what `path` names; the umbrella's own paths need no umbrella."""
    if path.startswith("ninja_boost.") and not installed("ninja_boost"):
        path = dotted_aliases.get(path, path)
    return import_string(path)


def spellings(name: str, field: FieldInfo) -> tuple[str, ...]:
    """The keys that set a field, the documented one first."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(choice for choice in alias.choices if isinstance(choice, str))
    return (alias,) if isinstance(alias, str) else (name,)


def keys(section: type[SettingsSection]) -> tuple[str, ...]:
    fields = section.model_fields.items()
    return tuple(key for name, field in fields for key in spellings(name, field))


def field_name(section: type[SettingsSection], key: str) -> str:
    fields = section.model_fields.items()
    return next(name for name, field in fields if key in spellings(name, field))


def nested(annotation: object) -> type[SettingsSection] | None:
    """The section in a field's annotation, through Optional, Annotated and containers."""
    if isinstance(annotation, type) and issubclass(annotation, SettingsSection):
        return annotation
    return next(filter(None, map(nested, get_args(annotation))), None)


def join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def bind(section: SettingsSection, path: str) -> None:
    """Tell each section where it is, for its errors, and start it with nothing imported."""
    section._key_path = path
    section._resolved = {}
    for name in type(section).model_fields:
        for key, nested in sections_in(getattr(section, name), join(path, name)):
            bind(nested, key)


def sections_in(value: object, path: str) -> Iterator[tuple[str, SettingsSection]]:
    if isinstance(value, SettingsSection):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from sections_in(item, join(path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from sections_in(item, join(path, index))


def _import_paths(value: Any, key: str) -> Any:
    """`value` with each dotted path in it replaced by what it names."""
    if isinstance(value, DottedPath):
        try:
            return import_path(value)
        except Exception as exc:
            # Importing runs a user's module, which may raise anything.
            raise ImproperlyConfigured(
                f"{SETTING}: {key} is {str(value)!r}, which cannot be imported: "
                f"{type(exc).__name__}: {exc}"
            ) from exc
    if isinstance(value, list | tuple):
        items = [_import_paths(item, key) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {name: _import_paths(item, join(key, name)) for name, item in value.items()}
    return value
