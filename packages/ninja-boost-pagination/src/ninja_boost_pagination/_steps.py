"""What a page asks of its source, apart from how it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

__all__ = ["Count", "Drain", "Exists", "Fetch"]


@dataclass(frozen=True, slots=True)
class Fetch:
    """The rows of a queryset, as a list."""

    queryset: QuerySet[Any]

    def run(self) -> list[Any]:
        return list(self.queryset)

    async def arun(self) -> list[Any]:
        return [row async for row in self.queryset]


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether a queryset has a row."""

    queryset: QuerySet[Any]

    def run(self) -> bool:
        return self.queryset.exists()

    async def arun(self) -> bool:
        return await self.queryset.aexists()


@dataclass(frozen=True, slots=True)
class Count:
    """The number of rows of a queryset."""

    queryset: QuerySet[Any]

    def run(self) -> int:
        return self.queryset.count()

    async def arun(self) -> int:
        return await self.queryset.acount()


@dataclass(frozen=True, slots=True)
class Drain:
    """The items from `start` to `stop` of an asynchronous iterable, and how many were seen.

    The iterable is read to its end if `to_end`, else no further than `stop`.
    """

    source: AsyncIterable[Any]
    start: int
    stop: int
    to_end: bool

    def run(self) -> tuple[list[Any], int]:
        raise TypeError(
            f"A sync view returned {type(self.source).__name__}, which only an async view can "
            "read: make the view async, or return a list."
        )

    async def arun(self) -> tuple[list[Any], int]:
        window: list[Any] = []
        seen = 0
        async for item in self.source:
            if self.start <= seen < self.stop:
                window.append(item)
            seen += 1
            if seen >= self.stop and not self.to_end:
                break
        return window, seen
