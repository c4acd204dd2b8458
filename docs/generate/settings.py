"""The reference of the settings, out of the typed sections that the packages declare."""

from __future__ import annotations

import inspect
import ipaddress
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BeforeValidator, SecretStr
from pydantic.fields import FieldInfo

from ninja_boost_core.conf import CoreSettings, SettingsSection
from ninja_boost_core.features import installed_features

from .readmes import ROOT


@dataclass(frozen=True)
class Setting:
    """One key: `path` is how it is written, below NINJA_BOOST."""

    package: str
    path: str
    spellings: tuple[str, ...]
    type: str
    default: str
    meaning: str


def sections() -> Iterator[tuple[str, type[SettingsSection]]]:
    yield "ninja-boost-core", CoreSettings
    for feature in installed_features():
        if feature.settings is not None:
            yield feature.distribution, feature.settings


def settings() -> list[Setting]:
    """Every key of every installed package. Raises ValueError for one that nobody explains."""
    found = [setting for package, section in sections() for setting in _of(package, section, "")]
    if unexplained := [setting.path for setting in found if not setting.meaning]:
        raise ValueError(
            "no meaning in the section's docstring (Attributes) nor in a table of the README: "
            + ", ".join(unexplained)
        )
    return found


def _of(package: str, section: type[SettingsSection], prefix: str) -> Iterator[Setting]:
    explained = {**_rows(package, prefix), **_attributes(section)}
    for name, field in section.model_fields.items():
        path, inner = f"{prefix}{name}", _nested(field.annotation)
        if inner is None or get_origin(field.annotation) is not None:
            yield Setting(
                package,
                path,
                _spellings(name, field),
                _type(field.annotation, field.metadata),
                _default(field),
                explained.get(name, ""),
            )
        if inner is not None:
            yield from _of(package, inner, path + _step(field.annotation))


def _step(annotation: object) -> str:
    origin = get_origin(annotation)
    if origin in (list, tuple):
        return "[…]."
    return ".<name>." if origin in (dict, Mapping) else "."


def _nested(annotation: object) -> type[SettingsSection] | None:
    if isinstance(annotation, type) and issubclass(annotation, SettingsSection):
        return annotation
    return next(filter(None, map(_nested, get_args(annotation))), None)


def _spellings(name: str, field: FieldInfo) -> tuple[str, ...]:
    choices = getattr(field.validation_alias, "choices", [name])
    return tuple(str(choice) for choice in choices)


def _type(annotation: Any, metadata: tuple[Any, ...] | list[Any] = ()) -> str:
    base = _name(annotation, metadata)
    bounds = [f"{sign} {_number(value)}" for sign, value in _bounds(metadata)]
    return ", ".join([base, *bounds])


def _name(annotation: Any, metadata: Any = ()) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is Any and any(isinstance(item, BeforeValidator) for item in metadata):
        return "object or dotted path"
    if origin is Literal:
        return " or ".join(map(_literal, arguments))
    if origin in (Union, types.UnionType):
        return " or ".join(_name(each) for each in arguments)
    if hasattr(annotation, "__metadata__"):
        return _type(arguments[0], annotation.__metadata__)
    if origin in (tuple, list, frozenset, set):
        return f"list of {_name(arguments[0])}"
    if origin in (dict, Mapping):
        return f"dictionary of {_name(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, SettingsSection):
        return "dictionary"
    return _PLAIN.get(annotation) or getattr(annotation, "__name__", str(annotation))


_PLAIN = {None: "`None`", type(None): "`None`", bool: "`True` or `False`", str: "text"}
_PLAIN |= {int: "whole number", float: "number", Any: "anything", SecretStr: "text, a secret"}
_PLAIN |= {ipaddress.IPv4Network: "IPv4 network", ipaddress.IPv6Network: "IPv6 network"}


def _bounds(metadata: Any) -> Iterator[tuple[str, Any]]:
    for item in metadata:
        match item:
            case annotated_types.Ge(ge=value):
                yield "≥", value
            case annotated_types.Gt(gt=value):
                yield ">", value
            case annotated_types.Le(le=value):
                yield "≤", value
            case annotated_types.Lt(lt=value):
                yield "<", value


def _number(value: Any) -> str:
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, SettingsSection):
        return "`{}`"
    if isinstance(value, frozenset | set) and not value:
        return "`set()`"
    return _literal(value)


def _literal(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return f"`{text}`"


def _attributes(section: type[SettingsSection]) -> dict[str, str]:
    """The Attributes part of the docstring, as name and text."""
    _, _, part = (inspect.getdoc(section) or "").partition("Attributes:\n")
    entries = re.findall(r"^ {4}(\w+): (.+(?:\n {5,}.+)*)", part, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text) for name, text in entries}


def _rows(package: str, prefix: str) -> dict[str, str]:
    """The tables of the README's settings, for keys whose docstring does not explain them."""
    path: Path = ROOT / "packages" / package / "README.md"
    part = path.read_text(encoding="utf-8").partition("\n## Settings")[2].partition("\n## ")[0]
    found: dict[str, str] = {}
    for row in re.findall(r"^\|(.+)\|$", part, re.MULTILINE):
        cells = [cell.strip() for cell in row.replace(r"\|", "\0").split("|")]
        for key in re.findall(r"`([A-Z_]+)`", cells[0]):
            found[key] = cells[-1].replace("\0", r"\|")
        for outer, key in re.findall(r'`([A-Z_]+)\["([A-Z_]+)"\]`', cells[0]):
            if prefix == f"{outer}.":
                found[key] = cells[-1].replace("\0", r"\|")
    return found


def page() -> str:
    """The page of all settings: a table for each package."""
    lines = [
        "# Settings",
        "",
        "Every key of the dictionary `NINJA_BOOST`, with the type, the bounds and the default that",
        "the package checks it by. `RATE_LIMIT.DEFAULT` is written",
        '`NINJA_BOOST = {"RATE_LIMIT": {"DEFAULT": …}}`. A partial dictionary is fine; a wrong key',
        "or value is an error of `manage.py check` that names it.",
        "",
    ]
    by_package: dict[str, list[Setting]] = {}
    for setting in settings():
        by_package.setdefault(setting.package, []).append(setting)
    for package, found in by_package.items():
        lines += [f"## {package}", "", f"See [{package}](../packages/{package}.md).", ""]
        lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
        lines += [_row(setting) for setting in found]
        lines.append("")
    return "\n".join(lines)


def _row(setting: Setting) -> str:
    also = [name for name in setting.spellings if not setting.path.endswith(name)]
    key = f"`{setting.path}`" + "".join(f" or `{name}`" for name in also)
    meaning = re.sub(r"``([^`]+)``", r"`\1`", setting.meaning)
    return f"| {key} | {setting.type} | {setting.default} | {meaning} |"
