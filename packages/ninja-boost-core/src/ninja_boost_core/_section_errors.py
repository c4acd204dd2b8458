"""What is wrong with the settings, in a user's words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from ._sections import SettingsSection, field_name, join, keys, nested, spellings

_SECRET_KEY = re.compile(
    r"SECRET|TOKEN|PASSW|KEY|CREDENTIAL|SIGNATURE|SIGNING|PRIVATE|DSN|URL|SALT|PEPPER"
)
_PLAIN_TEXT = re.compile(r"[\w ./:-]{0,60}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One error in `NINJA_BOOST`: the dotted key, what is wrong and what to do about it.

    The message continues the key to a sentence; `str()` puts all three together. The key is
    empty when the dictionary as a whole is wrong.
    """

    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.key, self.message, self.hint)))


def suggestion(key: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(key).upper(), sorted(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def problems_of(
    section: type[SettingsSection], raw: Mapping[str, Any], errors: Sequence[ErrorDetails]
) -> list[Problem]:
    """Pydantic's errors in a user's words, one for each key."""
    expected: dict[str, list[str]] = {}
    found: dict[str, Problem] = {}
    for error in errors:
        path, owner = _locate(section, raw, error["loc"])
        if error["type"] == "extra_forbidden":
            found[path] = _unwanted_key(path, str(error["loc"][-1]), owner)
        elif error["type"] == "missing":
            found[path] = Problem(path, "is required.", "Give it a value.")
        else:
            wanted = expected.setdefault(path, [])
            text = _expectation(error)
            if text not in wanted:
                wanted.append(text)
            found[path] = Problem(
                key=path,
                message=f"is {_describe(path, error)}; expected {' or '.join(wanted)}.",
            )
    return list(found.values())


def _locate(
    section: type[SettingsSection], raw: object, loc: tuple[int | str, ...]
) -> tuple[str, type[SettingsSection] | None]:
    """The key path of an error, and the section its last key was looked up in.

    Pydantic's location also names union members and first spellings; the raw dictionary tells
    which parts are keys that the user wrote.
    """
    path = ""
    owner: type[SettingsSection] | None = None
    model: type[SettingsSection] | None = section
    value = raw
    for part in loc:
        key: int | str = part
        if model is not None and isinstance(part, str) and part in keys(model):
            owner = model
            name = field_name(model, part)
            field = model.model_fields[name]
            if isinstance(value, Mapping):
                key = next((k for k in (part, *spellings(name, field)) if k in value), part)
                value = value.get(key)
            model = nested(field.annotation)
        elif isinstance(value, Mapping) and part in value:
            owner, value = model, value[part]
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            continue
        path = join(path, key)
    return path, owner


def _unwanted_key(path: str, key: str, owner: type[SettingsSection] | None) -> Problem:
    known = keys(owner) if owner is not None else ()
    if owner is not None and key in known:
        name = field_name(owner, key)
        others = [k for k in spellings(name, owner.model_fields[name]) if k != key]
        return Problem(path, f"is another spelling of {others[0]!r}.", "Keep one of them.")
    return Problem(path, "is no known key.", suggestion(key, known).strip() or f"Remove {path}.")


def _expectation(error: ErrorDetails) -> str:
    value = error["input"]
    text = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    text = text.replace("valid tuple", "valid list").replace("valid frozenset", "valid list")
    if error["type"] in {"model_type", "model_attributes_type"}:
        return "a dictionary"
    # A validator's own words may quote the value, which may be a secret.
    if isinstance(value, str) and value and error["type"] in {"value_error", "assertion_error"}:
        path = ".".join(map(str, error["loc"]))
        if _SECRET_KEY.search(path.upper()):
            text = text.replace(value, "***")
    return text


def _describe(path: str, error: ErrorDetails) -> str:
    """The wrong value, as much of it as may be shown."""
    value = error["input"]
    kind = type(value).__name__
    if value is None:
        return "None"
    shown = isinstance(value, bool | int | float) or (
        isinstance(value, str) and _PLAIN_TEXT.fullmatch(value) is not None
    )
    # Where a section was expected, the value may be anything, a secret among them.
    if not shown or _SECRET_KEY.search(path.upper()) or error["type"].startswith("model_"):
        return f"a value of type {kind}"
    return f"{value!r} ({kind})"
