"""Version changes: how one schema differs from the one before, and the way between them.

Everything here is pure; ``walking`` converts data with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

__all__ = ["Fields", "Lineage", "VersionChange"]

Fields = dict[str, Any]

_VERSION = re.compile(r"[A-Za-z0-9._~+-]+")


@dataclass(frozen=True, slots=True, eq=False)
class VersionChange:
    """What one version changed about one schema.

    Attributes:
        version: the version that brought the change.
        newer: the schema from that version on.
        older: the schema as it was until then, down to the schemas that it contains.
        upgrade: makes the JSON object of a ``newer`` from that of an ``older``: for requests.
        downgrade: the way back: for responses. What it returns is validated and filtered by
            ``older``, so a field that was new cannot slip through.
    """

    version: str
    newer: type[BaseModel]
    older: type[BaseModel]
    upgrade: Callable[[Fields], Fields] | None = None
    downgrade: Callable[[Fields], Fields] | None = None


class Lineage:
    """Some versions, oldest first, and what changed from each to the next.

    Raises:
        ValueError: for no, repeated or unusable versions, or changes that do not fit together.
    """

    def __init__(self, versions: Sequence[str], changes: Iterable[VersionChange] = ()) -> None:
        if isinstance(versions, str) or not versions or len({*versions}) < len(versions):
            raise ValueError(f"{versions!r}: give each version once, the oldest first.")
        for version in versions:
            if not _VERSION.fullmatch(version):
                raise ValueError(f"A version such as {version!r} fits into no header or URL.")
        self.versions: tuple[str, ...] = tuple(versions)
        self._index = {version: index for index, version in enumerate(self.versions)}
        self._by_newer: dict[type[BaseModel], VersionChange] = {}
        for change in changes:
            self._add(change)
        for change in self._by_newer.values():
            self._check(change)

    def _add(self, change: VersionChange) -> None:
        name = change.newer.__name__
        if self._index.get(change.version, 0) < 1:
            raise ValueError(
                f"A change of {name} names the version {change.version!r}; it is one of "
                f"{', '.join(self.versions[1:]) or 'none'}: the oldest version changes nothing."
            )
        if change.newer in self._by_newer:
            raise ValueError(
                f"Two changes have newer={name}: of a schema that changed twice, the newer of "
                "the earlier change is the older of the later one."
            )
        self._by_newer[change.newer] = change

    def _check(self, change: VersionChange) -> None:
        index = self._index[change.version]
        earlier = self._by_newer.get(change.older)
        if change.older is change.newer or (earlier and self._index[earlier.version] >= index):
            raise ValueError(f"{change.older.__name__} must be older than {change.newer.__name__}.")
        before = self.versions[index - 1]
        for model in _named_in(change.older):
            then = self.at(model, before)
            if then is not model:
                raise ValueError(
                    f"{change.older.__name__} contains {model.__name__}, which was "
                    f"{then.__name__} in version {before}: write the schema as it was."
                )

    def after(self, version: str) -> tuple[str, ...]:
        """Return the versions that came after ``version``."""
        return self.versions[self._index[version] + 1 :]

    def replaced(self, version: str) -> dict[type[BaseModel], type[BaseModel]]:
        """Return which schemas were others in ``version``, and which."""
        found = {model: self.at(model, version) for model in self._by_newer}
        return {newer: older for newer, older in found.items() if newer is not older}

    def at(self, model: type[BaseModel], version: str) -> type[BaseModel]:
        """Return what ``model`` was in ``version``."""
        while change := self._by_newer.get(model):
            if self._index[change.version] <= self._index[version]:
                break
            model = change.older
        return model

    def change_at(self, model: type[BaseModel], version: str) -> VersionChange | None:
        """Return what ``version`` changed about ``model``, which is its schema there."""
        change = self._by_newer.get(model)
        return change if change and change.version == version else None

    def models(self, annotation: Any, version: str) -> Iterator[type[BaseModel]]:
        """Yield every schema that ``annotation`` contains in ``version``."""
        seen: set[type[BaseModel]] = set()
        waiting = [annotation]
        while waiting:
            for model in _named(waiting.pop()):
                current = self.at(model, version)
                if current not in seen:
                    seen.add(current)
                    waiting += [field.annotation for field in current.model_fields.values()]
                    yield current


def _named(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that an annotation names itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for argument in get_args(annotation) or (getattr(annotation, "__value__", None),):
        if argument is not None:
            yield from _named(argument)


def _named_in(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Return every model that the fields of ``model`` name, at any depth."""
    found: set[type[BaseModel]] = set()
    waiting = [model]
    while waiting:
        for field in waiting.pop().model_fields.values():
            new = set(_named(field.annotation)) - found
            found |= new
            waiting += new
    return found
